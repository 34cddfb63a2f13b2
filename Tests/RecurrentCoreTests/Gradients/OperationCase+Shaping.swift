import Foundation
import Recurrent
import TestSupport
import Testing

extension OperationCase {
  static let shaping: [OperationCase] =
    [
      OperationCase("reshaped", [[2, 3, 4]]) {
        $0[0].reshaped(to: [4, -1])
      } twin: {
        $0[0].reshaped(to: [4, 6])
      },
      OperationCase("reshaped", [[2, 3, 4]]) {
        $0[0].reshaped(to: [2, 3, 4])
      } twin: {
        $0[0]
      },
      OperationCase("reshaped", [[1]]) {
        $0[0].reshaped(to: [])
      } twin: {
        $0[0].reshaped(to: [])
      },
      OperationCase("transposed", [[3, 5]]) {
        $0[0].transposed()
      } twin: {
        $0[0].transposed()
      },
      OperationCase("stacked 0", [[2, 3], [2, 3]]) {
        .stacked($0, along: 0)
      } twin: {
        .concatenated($0.map { $0.reshaped(to: [1, 2, 3]) }, along: 0)
      },
      OperationCase("stacked 1", [[2, 3], [2, 3], [2, 3]]) {
        .stacked($0, along: 1)
      } twin: {
        .concatenated($0.map { $0.reshaped(to: [2, 1, 3]) }, along: 1)
      },
      OperationCase("stacked 2", [[2, 3], [2, 3]]) {
        .stacked($0, along: 2)
      } twin: {
        .concatenated($0.map { $0.reshaped(to: [2, 3, 1]) }, along: 2)
      },
      OperationCase("rows", [[4, 3]]) {
        $0[0].rows([2, 0, 2, 3, 2])
      } twin: {
        $0[0].rows([2, 0, 2, 3, 2])
      },
      OperationCase("rows", [[4, 2, 3]]) {
        $0[0].rows([3])
      } twin: {
        $0[0].rows([3])
      },
      OperationCase("no rows", [[4, 3]]) {
        $0[0].rows([])
      } twin: {
        $0[0].rows([])
      },
    ]
    + [0, 1, 2].flatMap { dimension in
      let shapes = [2, 3, 1].map { size in
        var shape = [2, 3, 4]
        shape[dimension] = size
        return shape
      }
      return [
        OperationCase("slice \(dimension)", [[3, 4, 5]]) {
          $0[0].slice(1..<3, along: dimension)
        } twin: {
          $0[0].slice(1..<3, along: dimension)
        },
        OperationCase("concatenated \(dimension)", shapes) {
          .concatenated($0, along: dimension)
        } twin: {
          .concatenated($0, along: dimension)
        },
      ]
    }
    + [
      ([4], [0]), ([3, 4], [1, 0]), ([2, 3, 4], [2, 0, 1]), ([2, 3, 4], [-1, 1, 0]),
      ([3, 2, 4, 5], [1, 3, 0, 2]), ([], []),
    ].map { (shape: [Int], order: [Int]) in
      OperationCase("permuted \(order)", [shape]) {
        $0[0].permuted(order)
      } twin: { arrays in
        let places = order.map { $0 < 0 ? $0 + shape.count : $0 }
        return PlainArray(shape: places.map { shape[$0] }) { index in
          var source = index
          for (place, dimension) in places.enumerated() { source[dimension] = index[place] }
          return arrays[0][source]
        }
      }
    }
    + [[5], [3, 4], [2, 3, 4], [2, 1, 3, 2]].flatMap { shape in
      shape.indices.flatMap { dimension in
        PaddingMode.allCases.map { mode in
          OperationCase("padded along \(dimension), \(mode)", [shape]) {
            $0[0].padded(along: dimension - shape.count, before: 2, after: 3, with: mode)
          } twin: { arrays in
            var padded = shape
            padded[dimension] += 5
            let last = shape[dimension] - 1
            return PlainArray(shape: padded) { index in
              var place = index[dimension] - 2
              if mode == .zeros, !(0...last).contains(place) { return 0 }
              if mode == .edge { place = min(max(place, 0), last) }
              if last == 0 { place = 0 }
              while !(0...last).contains(place) {
                place = place < 0 ? -place : 2 * last - place
              }
              var source = index
              source[dimension] = place
              return arrays[0][source]
            }
          }
        }
      }
    }
    + [[4], [3, 1], [1, 1, 1], [2, 1, 4], []].map { shape in
      OperationCase("broadcast", [shape]) {
        $0[0].broadcast(to: [2, 3, 4])
      } twin: {
        $0[0].broadcast(to: [2, 3, 4])
      }
    }

  /// Of a batch of three rows with 2, 0 and 3 of 3 steps.
  static let batches: [OperationCase] = {
    @Sendable func batch(_ values: Tensor) -> SequenceBatch {
      SequenceBatch(values, lengths: [2, 0, 3])
    }
    let places = [0, 1, 6, 7, 8]
    return [
      OperationCase("validSteps", [[3, 3, 2]]) {
        batch($0[0]).validSteps
      } twin: {
        $0[0].reshaped(to: [9, 2]).rows(places)
      },
      OperationCase("with(validSteps:)", [[5, 2]]) {
        batch(.zeros([3, 3, 7])).with(validSteps: $0[0]).values
      } twin: { arrays in
        PlainArray(shape: [3, 3, 2]) { index in
          places.firstIndex(of: 3 * index[0] + index[1]).map { arrays[0][[$0, index[2]]] } ?? 0
        }
      },
      OperationCase("lastValidSteps", [[3, 3, 2]]) {
        batch($0[0]).lastValidSteps
      } twin: { arrays in
        PlainArray(shape: [3, 2]) { index in
          index[0] == 1 ? 0 : arrays[0][[index[0], index[0] == 0 ? 1 : 2, index[1]]]
        }
      },
      OperationCase("steps", [[3, 3, 2]]) {
        batch($0[0]).steps(1..<3).values
      } twin: {
        $0[0].slice(1..<3, along: 1)
      },
    ]
  }()
}
