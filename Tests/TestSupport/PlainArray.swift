import Foundation

/// An array of doubles with a shape: operations as plain as can be, what the library's are held
/// against.
package struct PlainArray: Sendable, Equatable {
  package var shape: [Int]
  /// Row-major.
  package var elements: [Double]

  package init(_ elements: [Double], shape: [Int]) {
    precondition(elements.count == shape.reduce(1, *), "\(elements.count) elements, shape \(shape)")
    self.shape = shape
    self.elements = elements
  }

  /// The elements that `value` gives for each index.
  package init(shape: [Int], _ value: (_ index: [Int]) -> Double) {
    self.init(Self.indices(of: shape).map(value), shape: shape)
  }

  /// Every index of `shape`, the last dimension fastest.
  package static func indices(of shape: [Int]) -> [[Int]] {
    shape.reduce([[]]) { indices, size in
      indices.flatMap { index in (0..<size).map { index + [$0] } }
    }
  }

  /// The element at `index`, which may have more dimensions than the array: aligned at the end, a
  /// size of 1 stands for any.
  package subscript(index: [Int]) -> Double {
    var offset = 0
    for (position, size) in zip(index.suffix(shape.count), shape) {
      offset = offset * size + (size == 1 ? 0 : position)
    }
    return elements[offset]
  }

  package func map(_ function: (Double) -> Double) -> PlainArray {
    PlainArray(elements.map(function), shape: shape)
  }

  /// f(a, b) with broadcasting.
  package static func combine(
    _ a: PlainArray, _ b: PlainArray, _ function: (Double, Double) -> Double
  ) -> PlainArray {
    let rank = max(a.shape.count, b.shape.count)
    let shape = (0..<rank).map { dimension in
      let sizes = [a, b].map { array in
        let own = dimension - (rank - array.shape.count)
        return own < 0 ? 1 : array.shape[own]
      }
      return sizes[0] == 1 ? sizes[1] : sizes[0]
    }
    return PlainArray(shape: shape) { function(a[$0], b[$0]) }
  }

  package func broadcast(to shape: [Int]) -> PlainArray { PlainArray(shape: shape) { self[$0] } }

  package func reshaped(to shape: [Int]) -> PlainArray { PlainArray(elements, shape: shape) }

  package func sum() -> PlainArray { PlainArray([elements.reduce(0, +)], shape: []) }

  package func sum(along dimension: Int) -> PlainArray {
    var reduced = shape
    let size = reduced.remove(at: dimension)
    return PlainArray(shape: reduced) { index in
      (0..<size).reduce(0.0) { sum, k in
        var full = index
        full.insert(k, at: dimension)
        return sum + self[full]
      }
    }
  }

  /// Of the last dimension.
  package func softmax() -> PlainArray {
    let exponentials = map { exp($0) }
    let sums = exponentials.sum(along: shape.count - 1)
    return PlainArray(shape: shape) { exponentials[$0] / sums[$0.dropLast()] }
  }

  /// `[…, K]` times `[K, N]`.
  package func matrixProduct(_ other: PlainArray) -> PlainArray {
    PlainArray(shape: shape.dropLast() + [other.shape[1]]) { index in
      (0..<other.shape[0]).reduce(0.0) { sum, k in
        sum + self[index.dropLast() + [k]] * other[[k, index[index.count - 1]]]
      }
    }
  }

  package func transposed() -> PlainArray {
    PlainArray(shape: [shape[1], shape[0]]) { self[[$0[1], $0[0]]] }
  }

  package func slice(_ range: Range<Int>, along dimension: Int) -> PlainArray {
    var sliced = shape
    sliced[dimension] = range.count
    return PlainArray(shape: sliced) { index in
      var index = index
      index[dimension] += range.lowerBound
      return self[index]
    }
  }

  package static func concatenated(_ arrays: [PlainArray], along dimension: Int) -> PlainArray {
    var shape = arrays[0].shape
    shape[dimension] = arrays.reduce(0) { $0 + $1.shape[dimension] }
    return PlainArray(shape: shape) { index in
      var index = index
      for array in arrays {
        if index[dimension] < array.shape[dimension] { return array[index] }
        index[dimension] -= array.shape[dimension]
      }
      preconditionFailure("index \(index) lies outside \(shape)")
    }
  }

  package func rows(_ indices: [Int]) -> PlainArray {
    PlainArray(shape: [indices.count] + shape.dropFirst()) { index in
      self[[indices[index[0]]] + index.dropFirst()]
    }
  }

  private subscript(index: ArraySlice<Int>) -> Double { self[Array(index)] }
}
