/// What is counted of a layer's gates and units over all steps of a pass.
struct LayerTally: Sendable {
  let name: String
  let kind: String
  let units: Int
  private(set) var gates: [(name: String, low: Int, high: Int, count: Int)] = []
  /// Of each unit the sum of what it keeps from step to step, and of how many steps.
  private var kept: (sums: [Double], count: Int) = ([], 0)
  /// Of each unit the least and the largest hidden state.
  private var lowest: [Float]
  private var highest: [Float]

  init(name: String, kind: String, units: Int) {
    (self.name, self.kind, self.units) = (name, kind, units)
    lowest = Array(repeating: .infinity, count: units)
    highest = Array(repeating: -.infinity, count: units)
  }

  /// Adds a step.
  mutating func add(_ values: [GateValues], hidden: Tensor) {
    for (index, h) in hidden.elements.enumerated() {
      lowest[index % units] = min(lowest[index % units], h)
      highest[index % units] = max(highest[index % units], h)
    }
    for gate in values {
      let elements = gate.values.elements
      if gate.keeps {
        let width = gate.values.shape[1]
        if kept.sums.isEmpty { kept.sums = Array(repeating: 0, count: width) }
        for (index, value) in elements.enumerated() { kept.sums[index % width] += Double(value) }
        kept.count += gate.values.shape[0]
      }
      guard let range = gate.activation.range else { continue }
      let tenth = (range.upperBound - range.lowerBound) / 10
      let place =
        gates.firstIndex { $0.name == gate.name }
        ?? {
          gates.append((gate.name, 0, 0, 0))
          return gates.count - 1
        }()
      for value in elements {
        if value < range.lowerBound + tenth { gates[place].low += 1 }
        if value > range.upperBound - tenth { gates[place].high += 1 }
      }
      gates[place].count += elements.count
    }
  }

  /// Units whose hidden state moves by less than a thousandth over all rows and steps.
  var deadUnits: Int { zip(lowest, highest).count { $1 - $0 < 1e-3 } }

  /// 1 / (1 - f) of each unit, f its mean over rows and steps, the least first; at most a million.
  var timeConstants: [Double] {
    kept.sums.map { 1 / max(1e-6, 1 - $0 / Double(max(1, kept.count))) }.sorted()
  }
}

extension Activation {
  /// Between which values a function with two flat ends lies; nil: it has not two.
  var range: ClosedRange<Float>? {
    switch self {
    case .sigmoid, .hardSigmoid, .hardSigmoidONNX: 0...1
    case .tanh, .softsign: -1...1
    default: nil
    }
  }
}
