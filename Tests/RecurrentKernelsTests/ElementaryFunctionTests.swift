import Foundation
import RecurrentKernels
import Testing

/// A function of the kernels beside its definition in double precision.
struct ElementaryFunction: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let function: rk_function
  /// Largest error in ulp, with and without fused multiply-add.
  let bound: (fused: Double, plain: Double)
  let value: @Sendable (Double) -> Double
  let derivative: @Sendable (Double) -> Double
  /// The derivative's error is relative to at least this: it is taken from y, or passes through 0.
  let derivativeFloor: Double
  /// Arguments that the derivative is tried on.
  let domain: ClosedRange<Float>

  static let (seluScale, seluAlpha) = (1.0507009873554804934, 1.6732632423543772848)
  static func normal(_ x: Double) -> Double { 0.5 * erfc(-x * 0.5.squareRoot()) }

  // The bounds stand beside the functions in Vector.h and Functions.h.
  static let all: [ElementaryFunction] = [
    .init("exp", RK_EXP, (1.1, 1.1), Foundation.exp, Foundation.exp, on: -8...8),
    .init("log", RK_LOG, (0.9, 0.9), Foundation.log, { 1 / $0 }, on: 0.01...9),
    .init(
      "sqrt", RK_SQRT, (0.5, 0.5), { $0.squareRoot() }, { 0.5 / $0.squareRoot() }, on: 0.01...9),
    .init("abs", RK_ABS, (0, 0), { abs($0) }, { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }, on: -3...3),
    .init(
      "tanh", RK_TANH, (2.6, 2.6), Foundation.tanh, { 1 - tanh($0) * tanh($0) }, floor: 1,
      on: -9...9),
    .init(
      "sigmoid", RK_SIGMOID, (2.4, 2.5), { $0 * -1.44269504 > 127.5 ? 0 : 1 / (1 + exp(-$0)) },
      { 1 / ((1 + exp(-$0)) * (1 + exp($0))) }, floor: 0.5, on: -9...9),
    .init("relu", RK_RELU, (0, 0), { max($0, 0) }, { $0 > 0 ? 1 : 0 }, on: -3...3),
    .init(
      "softplus", RK_SOFTPLUS, (1.8, 1.8), { max($0, 0) + log1p(exp(-abs($0))) },
      { 1 / (1 + exp(-$0)) }, on: -9...9),
    .init(
      "gelu", RK_GELU, (6.5, 7), { $0 == -.infinity ? 0 : $0 * normal($0) },
      { normal($0) + $0 * exp(-$0 * $0 / 2) / (2 * Double.pi).squareRoot() }, floor: 1, on: -6...6),
    .init(
      "silu", RK_SILU, (3, 3.1), { $0 * -1.44269504 > 127.5 ? 0 : $0 / (1 + exp(-$0)) },
      {
        let s = 1 / (1 + exp(-$0))
        return s + $0 * s * (1 - s)
      }, floor: 1, on: -9...9),
    .init(
      "elu", RK_ELU, (2, 2), { $0 > 0 ? $0 : expm1($0) }, { $0 > 0 ? 1 : exp($0) }, floor: 1,
      on: -9...3),
    .init(
      "leaky ReLU", RK_LEAKY_RELU, (0.5, 0.5), { $0 > 0 ? $0 : $0 * Double(0.01 as Float) },
      { $0 > 0 ? 1 : Double(0.01 as Float) }, on: -3...3),
    .init(
      "leaky ReLU of Keras", RK_LEAKY_RELU_KERAS, (0.5, 0.5),
      { $0 > 0 ? $0 : $0 * Double(0.2 as Float) },
      { $0 > 0 ? 1 : Double(0.2 as Float) }, on: -3...3),
    .init(
      "selu", RK_SELU, (3.5, 3.5), { $0 > 0 ? seluScale * $0 : seluScale * seluAlpha * expm1($0) },
      { $0 >= 0 ? seluScale : seluScale * seluAlpha * exp($0) }, floor: 1.8, on: -9...3),
    .init(
      "softsign", RK_SOFTSIGN, (1.5, 1.5), { $0 / (1 + abs($0)) },
      { 1 / ((1 + abs($0)) * (1 + abs($0))) }, on: -9...9),
    .init(
      "hard sigmoid", RK_HARD_SIGMOID, (1.5, 1.5), { min(max(($0 + 3) / 6, 0), 1) },
      { abs($0) < 3 ? 1.0 / 6 : 0 }, on: -4...4),
    .init(
      "hard sigmoid of ONNX", RK_HARD_SIGMOID_ONNX, (1.5, 1.5),
      { min(max(($0 + 2.5) / 5, 0), 1) }, { abs($0) < 2.5 ? 0.2 : 0 }, on: -4...4),
    .init("identity", RK_IDENTITY, (0, 0), { $0 }, { _ in 1 }, on: -3...3),
    .init("negate", RK_NEGATE, (0, 0), { -$0 }, { _ in -1 }, on: -3...3),
    .init("square", RK_SQUARE, (0.5, 0.5), { $0 * $0 }, { 2 * $0 }, on: -3...3),
    .init("reciprocal", RK_RECIPROCAL, (0.5, 0.5), { 1 / $0 }, { -1 / ($0 * $0) }, on: 0.1...9),
  ]

  init(
    _ name: String, _ function: rk_function, _ bound: (Double, Double),
    _ value: @escaping @Sendable (Double) -> Double,
    _ derivative: @escaping @Sendable (Double) -> Double, floor: Double = 0,
    on domain: ClosedRange<Float>
  ) {
    (testDescription, self.function, self.bound) = (name, function, bound)
    (self.value, self.derivative, derivativeFloor) = (value, derivative, floor)
    self.domain = domain
  }

  /// The arguments of a test of `count` elements: spread over the domain, with 0 among them where
  /// it holds it.
  func arguments(_ count: Int, seed: UInt64) -> [Float] {
    let middle = (domain.lowerBound + domain.upperBound) / 2
    var x = numbers(count, seed: seed, scale: domain.upperBound - middle).map { $0 + middle }
    if domain.contains(0), count > 2 { x[count / 2] = 0 }
    return x
  }

  func map(_ x: [Float], on path: KernelPath) -> [Float] {
    var y = [Float](repeating: -7, count: x.count)
    path.table.map(function, x, &y, Int64(x.count))
    return y
  }
}

/// The distance of neighbouring floats around `x`.
private func ulp(_ x: Double) -> Double {
  let magnitude = abs(x)
  return magnitude < 0x1p-126 ? 0x1p-149 : magnitude.ulp * 0x1p29
}

@Suite struct ElementaryFunctionTests {
  #if DEBUG
    static let stride: UInt64 = 29_989
  #else
    static let stride: UInt64 = 97
  #endif

  /// Floats of every magnitude and sign, infinities among them: each stride-th bit pattern.
  @Test(arguments: ElementaryFunction.all)
  func accuracyOverAllFloats(function: ElementaryFunction) {
    let batch = 1 << 14
    var largest = [Double](repeating: 0, count: KernelPath.all.count)
    var place = [Float](repeating: 0, count: KernelPath.all.count)
    var pattern: UInt64 = 0
    while pattern < 1 << 32 {
      var x: [Float] = []
      x.reserveCapacity(batch)
      while x.count < batch, pattern < 1 << 32 {
        x.append(Float(bitPattern: UInt32(pattern)))
        pattern += Self.stride
      }
      let expected = x.map { function.value(Double($0)) }
      for (p, path) in KernelPath.all.enumerated() {
        let y = function.map(x, on: path)
        for i in x.indices {
          let (actual, exact) = (Double(y[i]), expected[i])
          let error: Double
          if exact.isNaN || actual.isNaN {
            error = exact.isNaN && actual.isNaN ? 0 : .infinity
          } else if exact.magnitude > Double(Float.greatestFiniteMagnitude) {
            // Beyond the range: infinity, or the last float within the bound.
            error =
              actual.isInfinite && actual.sign == exact.sign
              ? 0 : (Double(actual) - exact).magnitude / 0x1p104
          } else if actual.isInfinite {
            error = (0x1p128 - exact.magnitude) / 0x1p104
          } else {
            error = (actual - exact).magnitude / ulp(exact)
          }
          if error > largest[p] { (largest[p], place[p]) = (error, x[i]) }
        }
      }
    }
    for (p, path) in KernelPath.all.enumerated() {
      let bound = path.name == "portable" ? function.bound.plain : function.bound.fused
      #expect(largest[p] <= bound, "\(path.name): \(largest[p]) ulp at \(place[p])")
    }
  }

  @Test(arguments: KernelPath.all)
  func specialValues(path: KernelPath) {
    let tiny = Float.leastNonzeroMagnitude
    let infinity = Float.infinity
    let cases: [(rk_function, Float, Float)] = [
      (RK_EXP, 0, 1), (RK_EXP, -0.0, 1), (RK_EXP, infinity, infinity), (RK_EXP, -infinity, 0),
      (RK_EXP, 88.73, infinity), (RK_EXP, -104, 0), (RK_EXP, -103.5, tiny), (RK_EXP, tiny, 1),
      (RK_LOG, 0, -infinity), (RK_LOG, -0.0, -infinity), (RK_LOG, 1, 0), (RK_LOG, -1, .nan),
      (RK_LOG, infinity, infinity), (RK_LOG, -infinity, .nan), (RK_LOG, -tiny, .nan),
      (RK_LOG, tiny, -103.27893), (RK_LOG, 0x1p-126, -87.336545),
      (RK_SQRT, -1, .nan), (RK_SQRT, -0.0, -0.0), (RK_SQRT, infinity, infinity),
      (RK_ABS, -0.0, 0), (RK_ABS, -infinity, infinity),
      (RK_TANH, 0, 0), (RK_TANH, -0.0, -0.0), (RK_TANH, infinity, 1), (RK_TANH, -infinity, -1),
      (RK_TANH, tiny, tiny), (RK_TANH, -tiny, -tiny), (RK_TANH, 10, 1), (RK_TANH, -10, -1),
      (RK_SIGMOID, 0, 0.5), (RK_SIGMOID, -0.0, 0.5), (RK_SIGMOID, infinity, 1),
      (RK_SIGMOID, -infinity, 0), (RK_SIGMOID, -88.4, 0), (RK_SIGMOID, 20, 1),
      (RK_RELU, -infinity, 0), (RK_RELU, infinity, infinity), (RK_RELU, tiny, tiny),
      (RK_SOFTPLUS, infinity, infinity), (RK_SOFTPLUS, -infinity, 0),
      (RK_SOFTPLUS, -103.5, tiny), (RK_SOFTPLUS, 0, 0.6931472),
      (RK_GELU, infinity, infinity), (RK_GELU, -infinity, 0), (RK_GELU, 0, 0),
      (RK_GELU, -0.0, -0.0), (RK_GELU, 20, 20), (RK_GELU, -20, 0),
      (RK_SILU, infinity, infinity), (RK_SILU, -infinity, 0), (RK_SILU, 0, 0),
      (RK_ELU, infinity, infinity), (RK_ELU, -infinity, -1), (RK_ELU, -tiny, -tiny),
      (RK_LEAKY_RELU, -infinity, -infinity), (RK_SELU, -infinity, -1.7580993),
      (RK_SELU, infinity, infinity), (RK_SELU, -0.0, -0.0), (RK_SOFTSIGN, infinity, 1),
      (RK_SOFTSIGN, -infinity, -1), (RK_HARD_SIGMOID, infinity, 1), (RK_HARD_SIGMOID, -3, 0),
      (RK_HARD_SIGMOID_ONNX, -infinity, 0), (RK_HARD_SIGMOID_ONNX, 2.5, 1),
      (RK_RECIPROCAL, 0, infinity), (RK_RECIPROCAL, -0.0, -infinity),
      (RK_NEGATE, 0, -0.0), (RK_SQUARE, -infinity, infinity),
    ]
    for (function, x, expected) in cases {
      var y: Float = -7
      path.table.map(function, [x], &y, 1)
      let same = expected.isNaN ? y.isNaN : y == expected && (y != 0 || y.sign == expected.sign)
      // The sign of a zero counts where the argument is one; far out either is right.
      let zero = expected == 0 && y == 0 && x != 0
      #expect(same || zero, "\(function) of \(x) is \(y), expected \(expected)")
    }
    for function in ElementaryFunction.all {
      #expect(function.map([.nan], on: path)[0].isNaN, "\(function.testDescription) of nan")
    }
  }

  /// A result depends on its own element alone; nothing beyond the end is touched; x may be y.
  @Test(arguments: KernelPath.all)
  func everySizeGivesTheSameElements(path: KernelPath) {
    for function in ElementaryFunction.all {
      let x = function.arguments(1000, seed: 3)
      let alone = x.map { function.map([$0], on: path)[0] }
      for size in KernelPath.sizes {
        var y = [Float](repeating: -7, count: size + 17)
        path.table.map(function.function, x, &y, Int64(size))
        let expected = alone.prefix(size) + Array(repeating: -7, count: 17)
        #expect(bits(y) == bits(Array(expected)), "\(function.testDescription), \(size) elements")

        var inPlace = Array(x.prefix(size)) + Array(repeating: -7, count: 17)
        inPlace.withUnsafeMutableBufferPointer {
          path.table.map(function.function, $0.baseAddress!, $0.baseAddress!, Int64(size))
        }
        #expect(bits(inPlace) == bits(y), "\(function.testDescription) in place")
      }
    }
  }

  @Test(arguments: KernelPath.all)
  func gradients(path: KernelPath) {
    for function in ElementaryFunction.all {
      for size in KernelPath.sizes {
        let x = function.arguments(size, seed: 5)
        let y = function.map(x, on: path)
        let dy = numbers(size, seed: 6, scale: 2)
        let start = numbers(size, seed: 7)
        var dx = start + [-7]
        path.table.map_gradient(function.function, x, y, dy, &dx, Int64(size))
        #expect(dx.removeLast() == -7)
        let slope = x.map { function.derivative(Double($0)) }
        let expected = (0..<size).map { Double(start[$0]) + Double(dy[$0]) * slope[$0] }
        let tolerance = (0..<size).map {
          let scale = max(abs(slope[$0]), function.derivativeFloor)
          return rounding * (abs(expected[$0]) + 5 * scale * Double(abs(dy[$0])))
        }
        let message = worst(dx, expected, tolerance: tolerance)
        #expect(message == nil, "\(function.testDescription), \(size): \(message ?? "")")
      }
    }
  }

  @Test(arguments: KernelPath.all)
  func derivativeIsZeroAtAKink(path: KernelPath) {
    for function in [RK_RELU, RK_ABS] {
      var dx: [Float] = [0.25, 0.5]
      path.table.map_gradient(function, [0, -0.0], [0, 0], [3, 4], &dx, 2)
      #expect(dx == [0.25, 0.5])
    }
  }

  @Test func sameBitsOnEveryFusedPath() throws {
    let first = try #require(KernelPath.fused.first ?? KernelPath.all.first)
    for function in ElementaryFunction.all {
      let x = function.arguments(1000, seed: 11) + numbers(1000, seed: 12, scale: 100)
      let dy = numbers(2000, seed: 13)
      let y = function.map(x, on: first)
      var dx = [Float](repeating: 0.1, count: 2000)
      first.table.map_gradient(function.function, x, y, dy, &dx, 2000)
      for path in KernelPath.fused.dropFirst() {
        let other = function.map(x, on: path)
        var otherGradient = [Float](repeating: 0.1, count: 2000)
        path.table.map_gradient(function.function, x, y, dy, &otherGradient, 2000)
        for i in x.indices where !y[i].isNaN {
          #expect(other[i].bitPattern == y[i].bitPattern, "\(function.testDescription) \(x[i])")
          #expect(otherGradient[i].bitPattern == dx[i].bitPattern || dx[i].isNaN)
        }
      }
    }
  }

  @Test(arguments: KernelPath.all)
  func combineIsExact(path: KernelPath) {
    let operators: [(rk_operator, (Float, Float) -> Float)] = [
      (RK_ADD, { $0 + $1 }), (RK_SUBTRACT, { $0 - $1 }), (RK_MULTIPLY, { $0 * $1 }),
      (RK_DIVIDE, { $0 / $1 }), (RK_MAXIMUM, { $0 < $1 ? $1 : $0 }),
      (RK_MINIMUM, { $0 > $1 ? $1 : $0 }),
    ]
    for (op, function) in operators {
      for size in KernelPath.sizes {
        let a = numbers(size + 1, seed: 21)
        let b = numbers(size + 1, seed: 22, scale: 3)
        for (aStride, bStride) in [(1, 1), (0, 1), (1, 0), (0, 0)] {
          var y = [Float](repeating: -7, count: size + 17)
          path.table.combine(op, a, Int64(aStride), b, Int64(bStride), &y, Int64(size))
          let expected = (0..<size).map { function(a[$0 * aStride], b[$0 * bStride]) }
          #expect(bits(y) == bits(expected + Array(repeating: -7, count: 17)))
        }
      }
    }
  }

  @Test(arguments: KernelPath.all)
  func maximumAndMinimumKeepNotANumber(path: KernelPath) {
    let a: [Float] = [.nan, 1, .nan, 2]
    let b: [Float] = [1, .nan, .nan, 3]
    for op in [RK_MAXIMUM, RK_MINIMUM] {
      var y = [Float](repeating: 0, count: 4)
      path.table.combine(op, a, 1, b, 1, &y, 4)
      #expect(y.map(\.isNaN) == [true, true, true, false])
    }
  }

  @Test(arguments: KernelPath.all)
  func scaledSums(path: KernelPath) {
    for size in KernelPath.sizes {
      let x = numbers(size, seed: 31)
      let start = numbers(size, seed: 32)
      var y = start + [-7]
      path.table.add_scaled(0.7, x, &y, Int64(size))
      var z = [Float](repeating: -7, count: size + 1)
      path.table.scale(0.7, -0.3, x, &z, Int64(size))
      // Fused: the correctly rounded result. Else: the product is rounded first.
      let fused = (0..<size).map { start[$0].addingProduct(0.7, x[$0]) }
      let plain = (0..<size).map { start[$0] + 0.7 * x[$0] }
      #expect(y == fused + [-7] || path.name == "portable" && y == plain + [-7])
      let fusedScale = x.map { Float(-0.3).addingProduct(0.7, $0) }
      let plainScale = x.map { 0.7 * $0 - 0.3 }
      #expect(z == fusedScale + [-7] || path.name == "portable" && z == plainScale + [-7])
    }
  }
}
