import Foundation
import RecurrentCore

// Operators that act on each element alone, or on pairs of them.

extension Operators {
  static let elementwise: [String: Maker] = [
    "Add": arithmetic(+) { $0 &+ $1 }, "Sub": arithmetic(-) { $0 &- $1 },
    "Mul": arithmetic(*) { $0 &* $1 },
    "Div": arithmetic(/) {
      $1 == 0 ? nil : $0.dividedReportingOverflow(by: $1).partialValue
    },
    "Max": extremum(Tensor.maximum) { max($0, $1) },
    "Min": extremum(Tensor.minimum) { min($0, $1) },
    "Pow": { _ in power },
    "Sqrt": unary { $0.squareRoot() }, "Exp": unary { $0.exp() }, "Log": unary { $0.log() },
    "Reciprocal": unary { $0.reciprocal() }, "Sigmoid": unary { $0.sigmoid() },
    "Tanh": unary { $0.tanh() }, "Softplus": unary { $0.softplus() },
    "Softsign": unary { Activation.softsign($0) },
    "Erf": unary { each($0) { erff($0) } }, "Floor": unary { each($0) { $0.rounded(.down) } },
    "Ceil": unary { each($0) { $0.rounded(.up) } },
    "Round": unary { each($0) { $0.rounded(.toNearestOrEven) } },
    "Relu": unary({ $0.relu() }, { max($0, 0) }), "Neg": unary({ -$0 }, { 0 &- $0 }),
    "Abs": unary({ $0.absolute() }, { $0 == .min ? $0 : abs($0) }),
    "Sign": unary({ each($0) { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 } }, { $0.signum() }),
    "LeakyRelu": { (settings) throws(Problem) in
      try function("LeakyRelu", settings, alpha: 0.01)
    },
    "Elu": { (settings) throws(Problem) in try function("Elu", settings, alpha: 1) },
    "Selu": unary { Activation.selu($0) },
    "ThresholdedRelu": { (settings) throws(Problem) in
      try function("ThresholdedRelu", settings, alpha: 1)
    },
    "HardSigmoid": { (settings) throws(Problem) in
      try function("HardSigmoid", settings, alpha: 0.2, beta: 0.5)
    },
    "Clip": clip, "Where": { _ in select }, "Cast": cast,
    "Equal": comparison({ $0 == $1 }, { $0 == $1 }), "Less": comparison({ $0 < $1 }, { $0 < $1 }),
    "Greater": comparison({ $0 > $1 }, { $0 > $1 }),
    "LessOrEqual": comparison({ $0 <= $1 }, { $0 <= $1 }),
    "GreaterOrEqual": comparison({ $0 >= $1 }, { $0 >= $1 }),
    "Not": unary(nil, { $0 == 0 ? 1 : 0 }),
    "And": comparison(nil, { $0 != 0 && $1 != 0 }), "Or": comparison(nil, { $0 != 0 || $1 != 0 }),
    "Xor": comparison(nil, { $0 != $1 }),
    "Identity": { _ in { (call) throws(Problem) in [try call.input(0)] } },
    "Dropout": dropout,
  ]

  /// y = f(x) for each element, where no kernel of the library has f.
  static func each(_ x: Tensor, _ f: (Float) -> Float) -> Tensor {
    Tensor(shape: x.shape) { y in
      let source = x.pointer
      for index in 0..<x.count { y[index] = f(source[index]) }
    }
  }

  private static func unary(
    _ floats: (@Sendable (Tensor) -> Tensor)?, _ integers: (@Sendable (Int64) -> Int64)? = nil
  ) -> Maker {
    { _ in
      { (call) throws(Problem) in
        let x = try call.input(0)
        switch x.elements {
        case .floats(let tensor):
          if let floats { return [OnnxTensor(floats(tensor), x.elementType)] }
        case .integers(let values):
          if let integers {
            let y = values.map { x.elementType.wrapped(integers($0)) }
            return [OnnxTensor(y, shape: x.shape, x.elementType)]
          }
        }
        throw Problem("input 0 has elements of type \(x.elementType), which it does not take")
      }
    }
  }

  private static func function(
    _ name: String, _ settings: NodeSettings, alpha: Float, beta: Float = 0
  ) throws(Problem) -> Kernel {
    let function = CellFunction(
      name, alpha: try settings.float("alpha", default: alpha),
      beta: try settings.float("beta", default: beta))
    guard let function else { throw Problem("\(name) is no function") }
    return { (call) throws(Problem) in [OnnxTensor(function(try call.floats(0)))] }
  }

  // MARK: Pairs

  private static func arithmetic(
    _ floats: @escaping @Sendable (Tensor, Tensor) -> Tensor,
    _ integers: @escaping @Sendable (Int64, Int64) -> Int64?
  ) -> Maker {
    { _ in
      { (call) throws(Problem) in
        [try combined(call, try call.input(0), try call.input(1), floats, integers)]
      }
    }
  }

  private static func extremum(
    _ floats: @escaping @Sendable (Tensor, Tensor) -> Tensor,
    _ integers: @escaping @Sendable (Int64, Int64) -> Int64
  ) -> Maker {
    { _ in
      { (call) throws(Problem) in
        var result = try call.input(0)
        for index in call.inputs.indices.dropFirst() {
          result = try combined(call, result, try call.input(index), floats, integers)
        }
        return [result]
      }
    }
  }

  private static func combined(
    _ call: Call, _ a: OnnxTensor, _ b: OnnxTensor, _ floats: (Tensor, Tensor) -> Tensor,
    _ integers: (Int64, Int64) -> Int64?
  ) throws(Problem) -> OnnxTensor {
    let shape = try call.broadcast(a.shape, b.shape)
    switch (a.elements, b.elements) {
    case (.floats(let x), .floats(let y)): return OnnxTensor(floats(x, y), a.elementType)
    case (.integers, .integers):
      let (x, y) = (a.broadcast(to: shape), b.broadcast(to: shape))
      var values: [Int64] = []
      for (x, y) in zip(x.integers ?? [], y.integers ?? []) {
        guard let value = integers(x, y) else { throw Problem("found a division by zero") }
        values.append(a.elementType.wrapped(value))
      }
      return OnnxTensor(values, shape: shape, a.elementType)
    default:
      throw Problem(
        "the inputs have elements of types \(a.elementType) and \(b.elementType), expected one type"
      )
    }
  }

  private static func comparison(
    _ floats: (@Sendable (Float, Float) -> Bool)?,
    _ integers: @escaping @Sendable (Int64, Int64) -> Bool
  ) -> Maker {
    { _ in
      { (call) throws(Problem) in
        let (a, b) = (try call.input(0), try call.input(1))
        let shape = try call.broadcast(a.shape, b.shape)
        let (x, y) = (a.broadcast(to: shape), b.broadcast(to: shape))
        let result: [Bool]
        if let x = x.integers, let y = y.integers {
          result = zip(x, y).map(integers)
        } else if let floats, let x = x.tensor, let y = y.tensor {
          result = zip(x.elements, y.elements).map(floats)
        } else {
          throw Problem(
            "the inputs have elements of types \(a.elementType) and \(b.elementType), which it does "
              + "not compare")
        }
        return [OnnxTensor(result.map { $0 ? 1 : 0 }, shape: shape, .bool)]
      }
    }
  }

  @Sendable private static func power(_ call: Call) throws(Problem) -> [OnnxTensor] {
    let (a, b) = (try call.input(0), try call.input(1))
    let shape = try call.broadcast(a.shape, b.shape)
    // Squares and roots have kernels of their own.
    if let x = a.tensor, b.count == 1, shape == a.shape {
      let exponent = b.floats[0]
      if exponent == 2 { return [OnnxTensor(x.squared(), a.elementType)] }
      if exponent == 0.5 { return [OnnxTensor(x.squareRoot(), a.elementType)] }
    }
    let (x, y) = (a.broadcast(to: shape), b.broadcast(to: shape))
    if x.tensor == nil {
      let values = zip(x.integers ?? [], y.floats).map { x, y in
        a.elementType.wrapped(whole(Foundation.pow(Double(x), Double(y))))
      }
      return [OnnxTensor(values, shape: shape, a.elementType)]
    }
    let values = zip(x.floats, y.floats).map { Foundation.pow($0, $1) }
    return [OnnxTensor(Tensor(values, shape: shape), a.elementType)]
  }

  @Sendable private static func select(_ call: Call) throws(Problem) -> [OnnxTensor] {
    let (condition, a, b) = (try call.input(0), try call.input(1), try call.input(2))
    let shape = try call.broadcast(condition.shape, a.shape, b.shape)
    guard let chosen = condition.broadcast(to: shape).integers else {
      throw Problem("input 0 has elements of type \(condition.elementType), expected bool")
    }
    let (x, y) = (a.broadcast(to: shape), b.broadcast(to: shape))
    if let x = x.tensor, let y = y.tensor {
      let result = Tensor(shape: shape) { z in
        for index in chosen.indices {
          z[index] = chosen[index] != 0 ? x.pointer[index] : y.pointer[index]
        }
        withExtendedLifetime((x, y)) {}
      }
      return [OnnxTensor(result, a.elementType)]
    }
    guard let x = x.integers, let y = y.integers else {
      throw Problem(
        "inputs 1 and 2 have elements of types \(a.elementType) and \(b.elementType), expected one "
          + "type")
    }
    let values = chosen.indices.map { chosen[$0] != 0 ? x[$0] : y[$0] }
    return [OnnxTensor(values, shape: shape, a.elementType)]
  }

  // MARK: Limits and types

  private static func clip(_ settings: NodeSettings) throws(Problem) -> Kernel {
    var least = try settings.float("min", default: -.infinity)
    var most = try settings.float("max", default: .infinity)
    if settings.opset >= 11 { (least, most) = (-.infinity, .infinity) }
    let limits = (least, most)
    return { (call) throws(Problem) in
      let x = try call.input(0)
      let least = call.optional(1) == nil ? limits.0 : try call.number(1)
      let most = call.optional(2) == nil ? limits.1 : try call.number(2)
      switch x.elements {
      case .floats(let tensor):
        var result = tensor
        if least > -.infinity { result = .maximum(result, Tensor(least)) }
        if most < .infinity { result = .minimum(result, Tensor(most)) }
        return [OnnxTensor(result, x.elementType)]
      case .integers(let values):
        let (least, most) = (call.optional(1)?.integers?[0], call.optional(2)?.integers?[0])
        return [
          OnnxTensor(
            values.map { min(max($0, least ?? .min), most ?? .max) }, shape: x.shape, x.elementType)
        ]
      }
    }
  }

  private static func cast(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let number = try settings.integer("to", default: 0)
    guard let type = OnnxTensor.ElementType(rawValue: number) else {
      throw Problem("it is to make elements of type \(number), expected numbers or truth values")
    }
    return { (call) throws(Problem) in [cast(try call.input(0), to: type)] }
  }

  static func cast(_ x: OnnxTensor, to type: OnnxTensor.ElementType) -> OnnxTensor {
    switch x.elements {
    case .floats(let tensor):
      if type.isFloat {
        let narrows = type.size < x.elementType.size && type.size == 2
        return OnnxTensor(narrows ? each(tensor) { rounded($0, type) } : tensor, type)
      }
      let values = tensor.elements.map { value in
        type == .bool ? (value == 0 ? 0 : 1) : type.wrapped(whole(Double(value)))
      }
      return OnnxTensor(values, shape: x.shape, type)
    case .integers(let values):
      if type.isFloat { return OnnxTensor(Tensor(values.map { Float($0) }, shape: x.shape), type) }
      return OnnxTensor(values.map(type.wrapped), shape: x.shape, type)
    }
  }

  /// A number without what is behind its point; the nearest there is beyond the range.
  static func whole(_ value: Double) -> Int64 {
    if value.isNaN { return .min }
    return Int64(exactly: value.rounded(.towardZero)) ?? (value > 0 ? .max : .min)
  }

  /// A number as sixteen bits hold it.
  private static func rounded(_ value: Float, _ type: OnnxTensor.ElementType) -> Float {
    guard value.isFinite, value != 0 else { return value }
    let (digits, smallest) = type == .float16 ? (10, -14) : (7, -126)
    let unit = Float(
      sign: .plus, exponent: max(Int(value.exponent), smallest) - digits, significand: 1)
    let result = (value / unit).rounded(.toNearestOrEven) * unit
    return type == .float16 && result.magnitude > 65504 ? .infinity * result : result
  }

  /// In prediction nothing is dropped.
  private static func dropout(_ settings: NodeSettings) throws(Problem) -> Kernel {
    let hasMode = settings.hasInput(2)
    return { (call) throws(Problem) in
      let x = try call.input(0)
      if hasMode, try call.integer(2) != 0 { throw Problem("it is in training mode") }
      let mask = [Int64](repeating: 1, count: x.count)
      return [x, OnnxTensor(mask, shape: x.shape, .bool)]
    }
  }
}
