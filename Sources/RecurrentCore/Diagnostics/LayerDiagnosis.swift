import Foundation

/// What a batch shows of one recurrent layer, one direction of it if there are two.
public struct LayerDiagnosis: Sendable, Codable, Equatable {
  /// A gate of the layer, and how its values are spread.
  public struct Gate: Sendable, Codable, Equatable {
    /// The gate's letter in the layer's formula: i, f, g, o; r, z, n; h of a simple RNN.
    public let name: String
    /// The share of values in the lowest tenth of its range (Karpathy et al. 2015, arXiv:1506.02078).
    public let low: Double
    /// The share in the highest tenth.
    public let high: Double

    /// The share of values that are saturated: where its function is nearly flat.
    public var saturated: Double { low + high }
  }

  /// A tenth, half and nine tenths of the units are below these.
  public struct Quantiles: Sendable, Codable, Equatable {
    /// The tenth percentile.
    public let low: Double
    /// The median.
    public let median: Double
    /// The ninetieth percentile.
    public let high: Double

    /// Of numbers in order; nil if there are none.
    init?(sorted numbers: [Double]) {
      guard !numbers.isEmpty else { return nil }
      func at(_ share: Double) -> Double { numbers[Int(share * Double(numbers.count - 1) + 0.5)] }
      (low, median, high) = (at(0.1), at(0.5), at(0.9))
    }
  }

  /// Where the layer stands, as in the names of its parameters: `recurrent.0.forward`.
  public let name: String
  /// `LSTM`, `Mogrifier LSTM`, `GRU` or `RNN`.
  public let kind: String
  /// |∂L/∂h_t| over all rows, for the times 1 to T.
  public let gradient: [Double]
  /// |∂h_T/∂h_(T-k)| for k = 0, 1 and so on, as a share of that of k = 0: what one state passes on to
  /// the last one through this layer alone. Root mean square over rows, each from its own last step
  /// back; of the Jacobian's rows a random mix is taken, with signs that are always the same.
  public let stateMemory: [Double]
  /// |∂h_T/∂x_(T-k)| in the same way, as a share of the largest.
  public let inputMemory: [Double]
  /// By what ``stateMemory`` is multiplied for each step back: e to the slope of the straight line
  /// that fits its logarithm best (least squares), where it is above a millionth; nil if two steps or
  /// more are not there.
  public let factor: Double?
  /// How each gate's values are spread; a function without two flat ends has no entry.
  public let gates: [Gate]
  /// 1 / (1 - f) over the units, f the mean of what a unit keeps in a step (the LSTM's forget gate,
  /// the GRU's z), in steps; nil of a simple RNN.
  public let timeConstants: Quantiles?
  /// Hidden units.
  public let units: Int
  /// Units whose hidden state moves by less than 0.001 over all rows and steps.
  public let deadUnits: Int

  /// The number of steps, T.
  public var steps: Int { gradient.count }

  /// Steps back after which ``stateMemory`` has halved, by the fitted line; nil if it does not fall.
  public var halfLife: Double? {
    factor.flatMap { $0 < 1 && $0 > 0 ? log(0.5) / log($0) : nil }
  }

  /// How many steps back an input still changes the last state by a hundredth of what the most
  /// telling input does.
  public var reach: Int { inputMemory.lastIndex { $0 >= 0.01 } ?? 0 }

  init(_ tally: LayerTally, loss: ProbedPass, memory: ProbedPass) {
    (name, kind, units) = (tally.name, tally.kind, tally.units)
    gradient = loss.norms(of: tally.name).map(\.written)
    let (states, inputs) = (
      memory.norms(of: tally.name, backFromEnd: \.hidden),
      memory.norms(of: tally.name, backFromEnd: \.input)
    )
    let (first, largest) = (states.first ?? 0, inputs.max() ?? 0)
    stateMemory = states.map { first > 0 ? ($0 / first).written : 0 }
    inputMemory = inputs.map { largest > 0 ? ($0 / largest).written : 0 }
    factor = Self.slope(stateMemory).map { exp($0).written }
    gates = tally.gates.map { gate in
      let count = Double(max(1, gate.count))
      return Gate(
        name: gate.name, low: Double(gate.low) / count, high: Double(gate.high) / count)
    }
    timeConstants = Quantiles(sorted: tally.timeConstants)
    deadUnits = tally.deadUnits
  }

  /// The slope of the straight line through the logarithms.
  private static func slope(_ numbers: [Double]) -> Double? {
    let points = numbers.enumerated().filter { $1 > 1e-6 }.map { (Double($0), log($1)) }
    guard points.count > 1 else { return nil }
    let count = Double(points.count)
    let x = points.reduce(0) { $0 + $1.0 } / count
    let y = points.reduce(0) { $0 + $1.1 } / count
    let product = points.reduce(0) { $0 + ($1.0 - x) * ($1.1 - y) }
    return product / points.reduce(0) { $0 + ($1.0 - x) * ($1.0 - x) }
  }
}

/// A pass of a model with a probe, and the gradients that the pass is for.
struct ProbedPass {
  let layers: [LayerTally]
  private let sequences: [RecurrenceProbe.Sequence]
  private let gradients: [Tensor?]

  init<Model: Module>(
    _ model: Model, _ purpose: RecurrenceProbe.Purpose, _ loss: (Model) -> Tensor
  ) {
    let probe = RecurrenceProbe(purpose, names: model.parameters.map(\.name))
    let tape = Tape(probe: probe)
    var tracked = model
    tracked.updateParameters { $1 = tape.track($1) }
    let value = loss(tracked)
    let root = purpose == .loss ? value : probe.lastStates
    (layers, sequences) = (probe.layers, probe.sequences)
    gradients = tape.gradients(
      of: root, along: Tensor(repeating: 1, shape: root.shape), withRespectTo: probe.leaves
    ).map { $0?.tensor }
  }

  /// The sum of squares of each row of a leaf's gradient.
  private func squares(of leaf: Int, rows: Int) -> [Double] {
    guard let gradient = gradients[leaf] else { return Array(repeating: 0, count: rows) }
    let (elements, width) = (gradient.elements, gradient.count / max(1, rows))
    return (0..<rows).map { elements[$0 * width..<($0 + 1) * width].sumOfSquares }
  }

  /// The norm with respect to the hidden states of all rows, by time.
  func norms(of layer: String) -> [Double] {
    var sums: [Double] = []
    for sequence in sequences where sequence.layer == layer {
      for step in sequence.steps {
        for (time, square) in zip(step.times, squares(of: step.hidden, rows: step.rows.count)) {
          while sums.count <= time { sums.append(0) }
          sums[time] += square
        }
      }
    }
    return sums.map { $0.squareRoot() }
  }

  /// The root mean square over rows of the norm with respect to a row's last step, the one before it
  /// and so on.
  func norms(
    of layer: String, backFromEnd leaf: KeyPath<RecurrenceProbe.Step, Int>
  ) -> [Double] {
    var (sums, counts): ([Double], [Double]) = ([], [])
    for sequence in sequences where sequence.layer == layer {
      var passed = Array(repeating: 0, count: sequence.batchSize)
      for step in sequence.steps.reversed() {
        let squares = squares(of: step[keyPath: leaf], rows: step.rows.count)
        for (row, square) in zip(step.rows, squares) {
          let back = passed[row]
          passed[row] += 1
          if sums.count == back {
            sums.append(0)
            counts.append(0)
          }
          sums[back] += square
          counts[back] += 1
        }
      }
    }
    return zip(sums, counts).map { ($0 / $1).squareRoot() }
  }
}
