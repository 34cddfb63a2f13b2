import Recurrent
import TestSupport

/// The settings of a case, read one by one, so that one that nobody read can be told.
struct FixtureOptions {
  private let values: [String: JSONValue]
  private var read: Set<String> = []

  init(_ values: [String: JSONValue]) { self.values = values }

  mutating func double(_ name: String) throws -> Double? { try value(name, \.double) }
  mutating func float(_ name: String) throws -> Float? { try double(name).map { Float($0) } }
  mutating func int(_ name: String) throws -> Int? { try value(name, \.int) }
  mutating func bool(_ name: String) throws -> Bool? { try value(name, \.bool) }
  mutating func string(_ name: String) throws -> String? { try value(name, \.string) }
  mutating func pair(_ name: String) throws -> (Double, Double)? {
    try value(name) { value in
      guard let numbers = value.array?.compactMap(\.double), numbers.count == 2 else { return nil }
      return (numbers[0], numbers[1])
    }
  }
  mutating func skip(_ names: String...) { read.formUnion(names) }

  private mutating func value<Value>(
    _ name: String, _ convert: (JSONValue) -> Value?
  ) throws -> Value? {
    read.insert(name)
    guard let value = values[name], value != .null else { return nil }
    guard let converted = convert(value) else {
      throw FixtureProblem("option \(name) cannot be \(value)")
    }
    return converted
  }

  /// Throws if there is a setting that nothing asked for.
  func finish(_ what: String) throws {
    let unknown = values.keys.filter { !read.contains($0) }.sorted()
    guard unknown.isEmpty else {
      throw FixtureProblem("\(what) has unknown options \(unknown.joined(separator: ", "))")
    }
  }
}

/// The optimizer of a training case.
func optimizer(_ name: String, _ settings: [String: JSONValue]) throws -> any Optimizer {
  var options = FixtureOptions(settings)
  let rate = try options.float("lr")
  let weightDecay = try options.float("weight_decay")
  let betas: (Double, Double)? = try options.pair("betas")
  let epsilon = try options.float("eps")
  func finish(_ optimizer: any Optimizer, _ used: [String]) throws -> any Optimizer {
    // Read above for all; each optimizer knows only some of them.
    for (name, isSet) in [("betas", betas != nil), ("eps", epsilon != nil)] {
      guard !isSet || used.contains(name) else {
        throw FixtureProblem("\(optimizer) has unknown option \(name)")
      }
    }
    try options.finish(name)
    return optimizer
  }
  switch name {
  case "SGD":
    return try finish(
      SGD(
        learningRate: rate ?? 1e-3, momentum: options.float("momentum") ?? 0,
        dampening: options.double("dampening") ?? 0, nesterov: options.bool("nesterov") ?? false,
        weightDecay: weightDecay ?? 0), [])
  case "Adam", "AdamW":
    let isDecoupled = try options.bool("decoupled_weight_decay") ?? false
    let amsgrad = try options.bool("amsgrad") ?? false
    let (rate, betas) = (rate ?? 1e-3, betas ?? (0.9, 0.999))
    return try finish(
      name == "AdamW" || isDecoupled
        ? AdamW(
          learningRate: rate, beta1: betas.0, beta2: betas.1, epsilon: epsilon,
          weightDecay: weightDecay ?? (name == "AdamW" ? nil : 0), amsgrad: amsgrad)
        : Adam(
          learningRate: rate, beta1: betas.0, beta2: betas.1, epsilon: epsilon,
          weightDecay: weightDecay ?? 0, amsgrad: amsgrad), ["betas", "eps"])
  case "NAdam":
    let betas = betas ?? (0.9, 0.999)
    return try finish(
      NAdam(
        learningRate: rate, beta1: betas.0, beta2: betas.1, epsilon: epsilon,
        weightDecay: weightDecay ?? 0, momentumDecay: options.float("momentum_decay")),
      ["betas", "eps"])
  case "RMSprop":
    return try finish(
      RMSprop(
        learningRate: rate, rho: options.double("alpha"), epsilon: epsilon,
        momentum: options.float("momentum") ?? 0, centered: options.bool("centered") ?? false,
        weightDecay: weightDecay ?? 0), ["eps"])
  case "Adagrad":
    return try finish(
      Adagrad(
        learningRate: rate, learningRateDecay: options.float("lr_decay") ?? 0,
        initialAccumulator: options.float("initial_accumulator_value"), epsilon: epsilon,
        weightDecay: weightDecay ?? 0), ["eps"])
  default:
    throw FixtureProblem("unknown optimizer \(name)")
  }
}
