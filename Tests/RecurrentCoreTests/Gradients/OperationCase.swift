import Foundation
import Recurrent
import TestSupport
import Testing

/// A tensor operation and its twin on plain arrays of doubles.
struct OperationCase: Sendable, CustomTestStringConvertible {
  let name: String
  /// The shapes of the operands.
  let shapes: [[Int]]
  /// Where the operands' elements lie, one range for all or one each.
  let ranges: [ClosedRange<Double>]
  let operation: @Sendable ([Tensor]) -> Tensor
  let twin: @Sendable ([PlainArray]) -> PlainArray

  init(
    _ name: String, _ shapes: [[Int]], in ranges: ClosedRange<Double>...,
    operation: @escaping @Sendable ([Tensor]) -> Tensor,
    twin: @escaping @Sendable ([PlainArray]) -> PlainArray
  ) {
    self.name = "\(name) \(shapes.map(\.description).joined(separator: " "))"
    self.shapes = shapes
    self.ranges = ranges.isEmpty ? [-2...2] : ranges
    self.operation = operation
    self.twin = twin
  }

  var testDescription: String { name }

  static let all = arithmetic + numbers + functions + reductions + products + shaping + batches

  /// Pairs of shapes with every way in which one fills the other.
  private static let pairs: [[[Int]]] = [
    [[2, 3, 4], [2, 3, 4]], [[2, 3, 4], [4]], [[4], [2, 3, 4]], [[2, 3, 4], [3, 4]],
    [[2, 3, 4], [3, 1]], [[3, 1], [2, 3, 4]], [[2, 1, 4], [3, 1]], [[2, 3, 4], [2, 1, 1]],
    [[2, 3, 4], [1, 3, 1]], [[2, 3], []], [[], [2, 3]], [[1], [2, 3]], [[2, 3], [1, 1]],
    [[1, 1, 1], [3]], [[3], [1, 1, 1]], [[1], [1, 1]], [[], []], [[37], [37]], [[5, 19], [19]],
    [[0, 3], [3]], [[2, 1], [1, 3]],
  ]

  private static let arithmetic: [OperationCase] = pairs.flatMap { shapes in
    [
      OperationCase("a + b", shapes) {
        $0[0] + $0[1]
      } twin: {
        .combine($0[0], $0[1], +)
      },
      OperationCase("a - b", shapes) {
        $0[0] - $0[1]
      } twin: {
        .combine($0[0], $0[1], -)
      },
      OperationCase("a * b", shapes) {
        $0[0] * $0[1]
      } twin: {
        .combine($0[0], $0[1], *)
      },
      OperationCase("a / b", shapes, in: -2...2, 0.5...2) {
        $0[0] / $0[1]
      } twin: {
        .combine($0[0], $0[1], /)
      },
      OperationCase("maximum", shapes) {
        .maximum($0[0], $0[1])
      } twin: {
        .combine($0[0], $0[1]) { max($0, $1) }
      },
      OperationCase("minimum", shapes) {
        .minimum($0[0], $0[1])
      } twin: {
        .combine($0[0], $0[1]) { min($0, $1) }
      },
    ]
  }

  private static func unary(
    _ name: String, in range: ClosedRange<Double> = -2...2,
    _ operation: @escaping @Sendable (Tensor) -> Tensor,
    twin: @escaping @Sendable (Double) -> Double
  ) -> [OperationCase] {
    [[3, 5], [37], []].map { shape in
      OperationCase(name, [shape], in: range) {
        operation($0[0])
      } twin: {
        $0[0].map(twin)
      }
    }
  }

  private static let numbers: [OperationCase] =
    unary("x + 2") {
      $0 + 2
    } twin: {
      $0 + 2
    }
    + unary("2 + x") {
      2 + $0
    } twin: {
      2 + $0
    }
    + unary("x - 2") {
      $0 - 2
    } twin: {
      $0 - 2
    }
    + unary("2 - x") {
      2 - $0
    } twin: {
      2 - $0
    }
    + unary("x * 3") {
      $0 * 3
    } twin: {
      $0 * 3
    }
    + unary("3 * x") {
      3 * $0
    } twin: {
      3 * $0
    }
    + unary("x / 3") {
      $0 / 3
    } twin: {
      $0 / 3
    }
    + unary("-x") {
      -$0
    } twin: {
      -$0
    }
    + unary("clamped") {
      $0.clamped(to: -0.5...0.75)
    } twin: {
      min(max($0, -0.5), 0.75)
    }

  private static let functions: [OperationCase] =
    unary("exp", in: -5...3) {
      $0.exp()
    } twin: {
      exp($0)
    }
    + unary("log", in: 0.2...4) {
      $0.log()
    } twin: {
      log($0)
    }
    + unary("squareRoot", in: 0.2...4) {
      $0.squareRoot()
    } twin: {
      $0.squareRoot()
    }
    + unary("absolute") {
      $0.absolute()
    } twin: {
      abs($0)
    }
    + unary("squared") {
      $0.squared()
    } twin: {
      $0 * $0
    }
    + unary("reciprocal", in: -3 ... -0.4) {
      $0.reciprocal()
    } twin: {
      1 / $0
    }
    + unary("tanh") {
      $0.tanh()
    } twin: {
      tanh($0)
    }
    + unary("sigmoid", in: -4...4) {
      $0.sigmoid()
    } twin: {
      1 / (1 + exp(-$0))
    }
    + unary("relu") {
      $0.relu()
    } twin: {
      max(0, $0)
    }
    + unary("softplus", in: -8...8) {
      $0.softplus()
    } twin: {
      log1p(exp($0))
    }
    + unary("gelu", in: -4...4) {
      $0.gelu()
    } twin: {
      $0 / 2 * (1 + erf($0 / 2.0.squareRoot()))
    }
    + [[2, 3, 5], [7], [4, 1], [3, 33]].flatMap { shape in
      [
        OperationCase("softmax", [shape], in: -3...3) {
          $0[0].softmax()
        } twin: {
          $0[0].softmax()
        },
        OperationCase("logSoftmax", [shape], in: -3...3) {
          $0[0].logSoftmax()
        } twin: {
          $0[0].softmax().map { log($0) }
        },
      ]
    }

  private static let reductions: [OperationCase] = [[2, 3, 4], [5], [3, 19]].flatMap { shape in
    [
      OperationCase("sum", [shape]) {
        $0[0].sum()
      } twin: {
        $0[0].sum()
      },
      OperationCase("mean", [shape]) {
        $0[0].mean()
      } twin: { array in
        array[0].sum().map { $0 / Double(array[0].elements.count) }
      },
      OperationCase("last sum", [shape]) {
        $0[0].sum(along: -1)
      } twin: {
        $0[0].sum(along: shape.count - 1)
      },
    ]
      + shape.indices.flatMap { dimension in
        [
          OperationCase("sum along \(dimension)", [shape]) {
            $0[0].sum(along: dimension)
          } twin: {
            $0[0].sum(along: dimension)
          },
          OperationCase("mean along \(dimension)", [shape]) {
            $0[0].mean(along: dimension)
          } twin: {
            $0[0].sum(along: dimension).map { sum -> Double in sum / Double(shape[dimension]) }
          },
        ]
      }
  }

  private static let products: [OperationCase] =
    [
      [[3, 4], [4, 5]], [[2, 3, 4], [4, 5]], [[4], [4, 5]], [[1, 1], [1, 1]], [[3, 1], [1, 7]],
      [[3, 17], [17, 9]], [[0, 4], [4, 2]], [[35, 2], [2, 3]], [[1, 5], [5, 37]],
    ].flatMap { shapes in
      [
        OperationCase("product", shapes) {
          $0[0].matrixProduct($0[1])
        } twin: {
          $0[0].matrixProduct($0[1])
        },
        OperationCase("product and bias", shapes + [[shapes[1][1]]]) {
          $0[0].matrixProduct($0[1], bias: $0[2])
        } twin: {
          .combine($0[0].matrixProduct($0[1]), $0[2], +)
        },
      ]
    }
}
