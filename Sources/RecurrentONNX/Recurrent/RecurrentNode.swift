import RecurrentCore
import RecurrentFiles

/// An LSTM, GRU or RNN node. Layers are made of constant weights once, when the graph is planned.
struct RecurrentNode: Sendable {
  let cell: OnnxCell
  /// The recipes of the directions.
  private let recipes: [CellRecipe]
  private let runsBackward: [Bool]
  /// Whether rows come before steps.
  private let isBatchFirst: Bool
  private let hiddenSize: Int?
  private let prepared: [RecurrentDirection]?
  /// Whether only what rounding to eight bits leaves of input and hidden state meets the weights.
  var roundsToEightBits = false
  /// The directions on whole numbers, where the weights are such.
  var quantized: [QuantizedLSTM]?

  /// Whether it runs from the start only.
  var runsForward: Bool { runsBackward == [false] }

  /// Whether it is an LSTM as its paper has it: no other functions, no bounds, no gates that are coupled.
  var isPlain: Bool {
    recipes.allSatisfy { recipe in
      recipe.clip == nil && !recipe.isCoupled
        && recipe.functions.map(\.activation) == [.sigmoid, .tanh, .tanh]
    }
  }

  init(_ settings: NodeSettings, _ cell: OnnxCell) throws(Problem) {
    self.cell = cell
    switch try settings.text("direction", default: "forward").lowercased() {
    case "forward": runsBackward = [false]
    case "reverse": runsBackward = [true]
    case "bidirectional": runsBackward = [false, true]
    case let other:
      throw Problem("the direction \(quoted(other)) is none of forward, reverse and bidirectional")
    }
    let layout = try settings.integer("layout", default: 0)
    guard (0...1).contains(layout) else {
      throw Problem("the layout is \(layout), expected 0 or 1")
    }
    isBatchFirst = layout == 1
    hiddenSize = settings.has("hidden_size") ? try settings.integer("hidden_size", default: 0) : nil
    let clip = try settings.float("clip", default: 0)
    guard clip >= 0 else { throw Problem("the clip is \(clip), expected a limit above 0") }
    let functions = try Self.functions(settings, cell, directions: runsBackward.count)
    let isCoupled = try settings.integer("input_forget", default: 0) != 0 && cell == .lstm
    let isAfter = try settings.integer("linear_before_reset", default: 0) != 0
    recipes = functions.map {
      CellRecipe(
        cell: cell, functions: $0, clip: clip > 0 && clip < .infinity ? clip : nil,
        isCoupled: isCoupled, reset: isAfter ? .afterProduct : .beforeProduct)
    }
    // What is given but not constant is only known when the node runs.
    let needed = [1, 2, 3] + (cell == .lstm ? [7] : [])
    guard needed.allSatisfy({ !settings.hasInput($0) || settings.constant($0) != nil }) else {
      prepared = nil
      return
    }
    let weights = Call(inputs: settings.constants, room: .max)
    prepared = try Self.directions(recipes, cell, hiddenSize, weights)
  }

  /// The functions of each direction. Parameters go, in order, to those that take one.
  private static func functions(
    _ settings: NodeSettings, _ cell: OnnxCell, directions: Int
  ) throws(Problem) -> [[CellFunction]] {
    var names = try settings.texts("activations")
    if names.isEmpty { names = (0..<directions).flatMap { _ in cell.functions } }
    let count = cell.functions.count
    guard names.count == directions * count else {
      throw Problem(
        "it has \(names.count) activations, expected \(count) for each of \(directions) directions")
    }
    var alphas = try settings.floats("activation_alpha")[...]
    var betas = try settings.floats("activation_beta")[...]
    var functions: [CellFunction] = []
    for name in names {
      guard let defaults = CellFunction.defaults(name) else {
        throw Problem("the activation \(quoted(name)) is unknown")
      }
      let alpha = defaults.alpha.map { alphas.popFirst() ?? $0 }
      let beta = defaults.beta.map { betas.popFirst() ?? $0 }
      if let function = CellFunction(name, alpha: alpha ?? 0, beta: beta ?? 0) {
        functions.append(function)
      }
    }
    return (0..<directions).map { Array(functions[$0 * count..<($0 + 1) * count]) }
  }

  /// The layers of all directions, with weights that are checked.
  private static func directions(
    _ recipes: [CellRecipe], _ cell: OnnxCell, _ hiddenSize: Int?, _ call: Call
  ) throws(Problem) -> [RecurrentDirection] {
    let (w, r) = (try call.floats(1), try call.floats(2))
    let (b, p) = (
      try call.optionalFloats(3), cell == .lstm ? try call.optionalFloats(7) : nil
    )
    let (count, size) = (recipes.count, r.shape.last ?? 0)
    let width = cell.gates * size
    guard w.rank == 3, w.shape[0] == count, w.shape[1] == width, w.shape[2] > 0, size > 0,
      r.shape == [count, width, size], b.map({ $0.shape == [count, 2 * width] }) ?? true,
      p.map({ $0.shape == [count, 3 * size] }) ?? true, hiddenSize ?? size == size
    else {
      let found = [w, r, b, p].compactMap { $0.map { "\($0.shape)" } }.joined(separator: ", ")
      throw Problem(
        "the weights have shapes \(found), expected W [\(count), \(cell.gates)·H, I], R [\(count), "
          + "\(cell.gates)·H, H], B [\(count), \(2 * cell.gates)·H]"
          + (hiddenSize.map { " with H = \($0)" } ?? ""))
    }
    return recipes.enumerated().map { index, recipe in
      func part(_ x: Tensor) -> Tensor {
        x.slice(index..<index + 1, along: 0).reshaped(to: Array(x.shape.dropFirst()))
      }
      return RecurrentDirection(
        recipe,
        DirectionWeights(
          input: part(w), recurrent: part(r), bias: b.map(part), peepholes: p.map(part)))
    }
  }

  /// Y, Y_h and, of an LSTM, Y_c. A state that is carried on takes the place of the initial one, and
  /// becomes the one after.
  func callAsFunction(_ call: Call, state: inout [Tensor]?) throws(Problem) -> [OnnxTensor] {
    let directions =
      if let prepared { prepared } else { try Self.directions(recipes, cell, hiddenSize, call) }
    let x = try call.floats(0)
    guard x.rank == 3 else { throw Problem("input 0 has shape \(x.shape), expected 3 dimensions") }
    let (time, batch) = isBatchFirst ? (x.shape[1], x.shape[0]) : (x.shape[0], x.shape[1])
    let (inputSize, size) = directions[0].sizes
    guard x.shape[2] == inputSize else {
      throw Problem("input 0 has shape \(x.shape), expected \(inputSize) features")
    }
    try call.fitting([directions.count, batch, time, size])
    let lengths = try lengths(call, batch: batch, time: time)
    let states = try (0..<2).map { (index) throws(Problem) -> Tensor in
      try initial(
        index, call, state, shape: [directions.count, batch, size])
    }
    var values = batchFirst(x)
    let longest = lengths.max() ?? 0
    if roundsToEightBits, quantized == nil, time > 0 {
      values = values.throughEightBits(first: longest, along: 1)
    }
    let sequences = SequenceBatch(values, lengths: lengths)
    let scale =
      quantized.map { _ in
        (longest < time ? values.slice(0..<longest, along: 1) : values).withUnsafeElements {
          EightBitScale(holding: $0)
        }
      }
    var (outputs, hiddens, cells): ([Tensor], [Tensor], [Tensor]) = ([], [], [])
    for (index, direction) in directions.enumerated() {
      func own(_ x: Tensor) -> Tensor {
        x.slice(index..<index + 1, along: 0).reshaped(to: [batch, size])
      }
      let input = runsBackward[index] ? sequences.reversed : sequences
      let result: (outputs: Tensor, hidden: Tensor, cell: Tensor)
      if let quantized, let scale {
        result = quantized[index](
          input, scale: scale, hidden: own(states[0]), cell: own(states[1]))
      } else {
        let run = roundsToEightBits ? direction.roundingStates : direction.callAsFunction
        result = run(input, own(states[0]), own(states[1]))
      }
      outputs.append(result.outputs)
      hiddens.append(result.hidden)
      cells.append(result.cell)
    }
    let finals = [hiddens, cells].map {
      $0.count == 1 ? $0[0].reshaped(to: [1, batch, size]) : .stacked($0, along: 0)
    }
    if state != nil { state = cell == .lstm ? finals : [finals[0]] }
    // ONNX Runtime gives zeros for a row without steps, whatever its initial state.
    let empty = lengths.indices.filter { lengths[$0] == 0 }
    let shown = finals.map { $0.withoutRows(empty) }
    return [arranged(outputs, time, batch, size), batchOuter(shown[0])]
      + (cell == .lstm ? [batchOuter(shown[1])] : [])
  }

  func callAsFunction(_ call: Call) throws(Problem) -> [OnnxTensor] {
    var state: [Tensor]?
    return try self(call, state: &state)
  }

  /// The node where one row has one step, laid out; nil for other inputs, and where no layer says what it computes.
  func step(_ inputs: [PlacedNode.Input?], at place: Int) -> RecurrentStep? {
    func given(_ index: Int) -> PlacedNode.Input? {
      inputs.indices.contains(index) ? inputs[index] : nil
    }
    guard let prepared, !roundsToEightBits, quantized == nil, let x = given(0), x.isFloat,
      x.shape == [1, 1, prepared[0].sizes.input],
      given(4).map({ $0.known?.integers == [1] }) ?? true
    else { return nil }
    let (count, size) = (prepared.count, prepared[0].sizes.hidden)
    for state in [given(5), given(6)] {
      guard let state else { continue }
      guard state.isFloat, state.shape == (isBatchFirst ? [1, count, size] : [count, 1, size])
      else { return nil }
    }
    return RecurrentStep(prepared, place: place, hasCell: cell == .lstm)
  }

  private func lengths(_ call: Call, batch: Int, time: Int) throws(Problem) -> [Int] {
    guard let lengths = try call.optionalIntegers(4) else {
      return Array(repeating: time, count: batch)
    }
    guard lengths.count == batch, lengths.allSatisfy({ (0...time).contains($0) }) else {
      throw Problem("the lengths \(lengths.prefix(8)) are not \(batch) numbers from 0 to \(time)")
    }
    return lengths
  }

  /// An initial state, `[D, B, H]`: the hidden one or the cell's.
  private func initial(
    _ index: Int, _ call: Call, _ carried: [Tensor]?, shape: [Int]
  ) throws(Problem) -> Tensor {
    if let carried, carried.indices.contains(index) {
      guard carried[index].shape == shape else {
        throw Problem(
          "the state that is carried on has shape \(carried[index].shape), expected \(shape)")
      }
      return carried[index]
    }
    guard index == 0 || cell == .lstm, let stated = try call.optionalFloats(5 + index) else {
      return .zeros(shape)
    }
    let turned =
      isBatchFirst && stated.rank == 3
      ? OnnxTensor(stated).transposed([1, 0, 2]).tensor ?? stated : stated
    guard turned.shape == shape else {
      throw Problem("an initial state has shape \(stated.shape), expected \(shape)")
    }
    return turned
  }

  // MARK: Layouts

  private func batchFirst(_ x: Tensor) -> Tensor {
    isBatchFirst ? x : OnnxTensor(x).transposed([1, 0, 2]).tensor ?? x
  }

  private func batchOuter(_ state: Tensor) -> OnnxTensor {
    isBatchFirst ? OnnxTensor(state).transposed([1, 0, 2]) : OnnxTensor(state)
  }

  /// Outputs `[B, T, H]` of each direction as `[T, D, B, H]`, or `[B, T, D, H]`.
  private func arranged(_ outputs: [Tensor], _ time: Int, _ batch: Int, _ size: Int) -> OnnxTensor {
    if outputs.count == 1 {
      let one = OnnxTensor(outputs[0]).reshaped(to: [batch, time, 1, size])
      return isBatchFirst ? one : one.transposed([1, 2, 0, 3])
    }
    let all = OnnxTensor(.stacked(outputs, along: 2))
    return isBatchFirst ? all : all.transposed([1, 2, 0, 3])
  }
}

extension RecurrentDirection {
  /// I and H.
  var sizes: (input: Int, hidden: Int) {
    switch self {
    case .lstm(let layer): (layer.weights.inputSize, layer.weights.hiddenSize)
    case .gru(let layer): (layer.weights.inputSize, layer.weights.hiddenSize)
    case .rnn(let layer): (layer.weights.inputSize, layer.weights.hiddenSize)
    case .plain(let loop): loop.sizes
    }
  }
}

extension Tensor {
  /// Of `[D, B, H]` the same with zeros in some batch rows.
  fileprivate func withoutRows(_ rows: [Int]) -> Tensor {
    guard !rows.isEmpty else { return self }
    var result = self
    let (batch, size) = (shape[1], shape[2])
    result.withUnsafeMutableElements { y in
      for row in rows {
        for direction in 0..<shape[0] {
          let start = (direction * batch + row) * size
          for index in start..<start + size { y[index] = 0 }
        }
      }
    }
    return result
  }
}
