import Recurrent
import Testing

/// What a layer over sequences gives: a sequence, or one row of features for each sequence.
package protocol CheckedOutput: Sendable {
  /// All numbers.
  var tensor: Tensor { get }
  /// The sequence, if it is one.
  var sequence: SequenceBatch? { get }
}

extension SequenceBatch: CheckedOutput {
  package var tensor: Tensor { values }
  package var sequence: SequenceBatch? { self }
}

extension Tensor: CheckedOutput {
  package var tensor: Tensor { self }
  package var sequence: SequenceBatch? { nil }
}

/// Proves of a layer over sequences all that users rely on.
///
/// - shapes; padding is zero in the output and nothing that stands in the padding of the input
///   matters; an empty row keeps its state
/// - no state equals zero state; a sequence whole, in chunks and step by step gives the same bits,
///   a session and a stream too
/// - a row gives the same bits alone as among others, on one thread as on several, in one task as
///   in eight
/// - gradients of all parameters, the input and the initial state are those of finite differences
/// - every stored tensor is visited, under a name of its own; parameters can be saved and loaded
/// - tracking gradients changes no value
///
/// - Parameters:
///   - layer: The layer; in prediction, so that dropout does nothing.
///   - inputSize: Features of its input.
///   - outputSize: Features of its output.
///   - twin: The same function in double precision; gradients are then exact to 1e-5, else to
///     `tolerance`.
///   - drawsInTraining: Whether the layer draws random numbers in training; else training must give
///     the bits of prediction.
///   - startsAtZero: Whether the initial state must be zeros.
///   - tolerance: The error of gradients by finite differences of floats, relative to the largest
///     of each tensor.
package func checkLayer<L: Layer>(
  _ layer: L, inputSize: Int, outputSize: Int, twin: LayerTwin? = nil,
  drawsInTraining: Bool = false, startsAtZero: Bool = true, tolerance: Double = 2e-4,
  sourceLocation: SourceLocation = #_sourceLocation
) async throws where L.Input == SequenceBatch, L.Output: CheckedOutput {
  let checker = LayerChecker(
    layer: layer, inputSize: inputSize, outputSize: outputSize, startsAtZero: startsAtZero,
    location: sourceLocation)
  if !drawsInTraining { checker.checkTraining() }
  checker.checkShapesAndPadding()
  checker.checkStates()
  checker.checkRows()
  checker.checkThreads()
  try checker.checkGradients(twin: twin, tolerance: tolerance)
  checker.checkParameters()
  try await checker.checkTasks()
}

/// Proves that the gradients of a layer in training, its random numbers held fixed, are those of
/// finite differences.
package func checkTrainingGradients<L: Layer>(
  _ layer: L, inputSize: Int, outputSize: Int, key: RandomKey = RandomKey(seed: 5),
  tolerance: Double = 2e-4, sourceLocation: SourceLocation = #_sourceLocation
) throws where L.Input == SequenceBatch, L.Output: CheckedOutput {
  var checker = LayerChecker(
    layer: layer, inputSize: inputSize, outputSize: outputSize, startsAtZero: true,
    location: sourceLocation)
  checker.mode = .training(key)
  checker.differenceStep = 1 / 64  // what is scaled up by dropout bends more
  try checker.checkGradients(twin: nil, tolerance: tolerance)
}

struct LayerChecker<L: Layer> where L.Input == SequenceBatch, L.Output: CheckedOutput {
  let layer: L
  let inputSize: Int
  let outputSize: Int
  let startsAtZero: Bool
  let location: SourceLocation
  var mode = Mode.prediction
  /// Of finite differences of floats.
  var differenceStep: Float = 1 / 16

  /// Rows in no order, one empty, one of a single step, some full.
  let lengths = [4, 0, 6, 1, 6, 3]
  let time = 6

  func floats(_ shape: [Int], seed: UInt64) -> Tensor {
    var generator = SeededGenerator(seed: seed)
    return Tensor(generator.floats(shape.reduce(1, *)), shape: shape)
  }

  func input(batch: Int = 6, time: Int = 6, lengths: [Int]? = nil) -> SequenceBatch {
    SequenceBatch(floats([batch, time, inputSize], seed: 11), lengths: lengths)
  }

  /// A state of random numbers.
  func state(batch: Int) -> L.State {
    var state = layer.initialState(batchSize: batch)
    state.tensors = state.tensors.enumerated().map { floats($1.shape, seed: 21 + UInt64($0)) }
    return state
  }

  func expectSame(_ found: [Tensor], _ expected: [Tensor], _ what: String) {
    guard found.map(\.shape) == expected.map(\.shape) else {
      Issue.record(
        "\(what): shapes \(found.map(\.shape)), expected \(expected.map(\.shape))",
        sourceLocation: location)
      return
    }
    for (index, (a, b)) in zip(found, expected).enumerated() where !a.isIdentical(to: b) {
      let worst = worstDifference(found: a.elements, expected: b.elements, shape: b.shape)
      Issue.record(
        "\(what): tensor \(index) \(b.shape) has other bits, worst \(worst?.description ?? "a sign of zero")",
        sourceLocation: location)
    }
  }

  func expect(_ isTrue: Bool, _ what: @autoclosure () -> String) {
    if !isTrue { Issue.record("\(what())", sourceLocation: location) }
  }

  /// Output and final state as one list.
  func run(_ input: SequenceBatch, from state: L.State) -> [Tensor] {
    var state = state
    let output = layer(input, state: &state, mode: mode)
    return [output.tensor] + state.tensors
  }

  // MARK: Training

  func checkTraining() {
    let input = self.input(lengths: lengths)
    let predicted = run(input, from: state(batch: 6))
    var training = self
    training.mode = .training(RandomKey(seed: 3))
    expectSame(
      training.run(input, from: state(batch: 6)), predicted, "the forward pass of training")
  }

  // MARK: Shapes and padding

  func checkShapesAndPadding() {
    let input = self.input(lengths: lengths)
    let initial = state(batch: 6)
    var final = initial
    let output = layer(input, state: &final)
    let shape = output.sequence == nil ? [6, outputSize] : [6, time, outputSize]
    expect(output.tensor.shape == shape, "output shape \(output.tensor.shape), expected \(shape)")
    expect(
      final.tensors.map(\.shape) == initial.tensors.map(\.shape), "the state changes its shapes")
    expectSame(
      final.rows([1]).tensors, initial.rows([1]).tensors, "the state of an empty row, which stays")
    if let sequence = output.sequence {
      expect(sequence.lengths == lengths, "lengths \(sequence.lengths), expected \(lengths)")
      expectZeroPadding(sequence.values, "output")
    } else {
      expect(output.tensor.elements.count == 6 * outputSize, "the output has other rows")
    }
    var poisoned = input.values
    poisoned.withUnsafeMutableElements { elements in
      for (row, length) in lengths.enumerated() {
        for place in (row * time + length) * inputSize..<(row + 1) * time * inputSize {
          elements[place] = .nan
        }
      }
    }
    expectSame(
      run(input.with(poisoned), from: initial), [output.tensor] + final.tensors,
      "NaN in the padding")
    expectSame(
      gradients(input.with(poisoned), from: initial), gradients(input, from: initial),
      "gradients with NaN in the padding")
    let inputGradient = gradients(input, from: initial)[0]
    expectZeroPadding(inputGradient, "gradient of the input")

    // Rows that are all empty.
    let empty = run(self.input(lengths: Array(repeating: 0, count: 6)), from: initial)
    expectSame(Array(empty.dropFirst()), initial.tensors, "the state of empty rows")
    if output.sequence != nil {
      expect(empty[0].elements.allSatisfy { $0 == 0 }, "empty rows give other outputs than zero")
    }
  }

  private func expectZeroPadding(_ values: Tensor, _ what: String) {
    let features = values.shape[2]
    for (row, length) in lengths.enumerated() {
      let padding = values.elements[
        (row * time + length) * features..<(row + 1) * time * features]
      expect(padding.allSatisfy { $0 == 0 }, "padding of the \(what) in row \(row) is not zero")
    }
  }

  // MARK: States

  func checkStates() {
    let input = self.input()
    let first = layer.initialState(batchSize: 6)
    if startsAtZero {
      expect(
        first.tensors.allSatisfy { $0.elements.allSatisfy { $0 == 0 } },
        "the initial state is not zero")
    }
    expectSame([layer(input).tensor], Array(run(input, from: first).prefix(1)), "no state")
    expectSame(run(input, from: first), run(input, from: first), "a second prediction")
    guard layer.isCausal else { return }

    let padded = self.input(lengths: lengths)
    for cuts in [[0, 1, 4, 6], [0, 3, 6], [0, 1, 2, 3, 4, 5, 6]] {
      for batch in [input, padded] {
        let whole = run(batch, from: state(batch: 6))
        var state = self.state(batch: 6)
        let outputs = zip(cuts, cuts.dropFirst()).map { start, end in
          layer(batch.steps(start..<end), state: &state)
        }
        expectSame(state.tensors, Array(whole.dropFirst()), "final state in chunks at \(cuts)")
        if outputs[0].sequence != nil {
          expectSame(
            [.concatenated(outputs.map(\.tensor), along: 1)], [whole[0]],
            "output in chunks at \(cuts)")
        } else if batch.lengths == input.lengths, let last = outputs.last {
          expectSame([last.tensor], [whole[0]], "output in chunks at \(cuts)")
        }
      }
    }

    let row = input.rows([4])
    let whole = run(row, from: layer.initialState(batchSize: 1))
    var session = Session(layer)
    var steps: [Tensor] = []
    do {
      for t in 0..<time {
        let features = row.values.elements[t * inputSize..<(t + 1) * inputSize]
        steps.append(try session.step(Array(features)).tensor)
      }
    } catch {
      return expect(false, "a session's step: \(error)")
    }
    if let count = layer.featureCount {
      expect(count == inputSize, "the layer tells of \(count) features, not \(inputSize)")
      for wrong in [0, inputSize - 1, inputSize + 1] {
        let result = try? session.step([Float](repeating: 1, count: wrong))
        expect(result == nil, "a session took a step of \(wrong) features")
      }
    }
    let fork = session
    expectSame(fork.state.tensors, Array(whole.dropFirst()), "state of a session")
    expectSame(
      [whole[0].rank == 3 ? .concatenated(steps, along: 1) : steps[time - 1]], [whole[0]],
      "output of a session")
    session.reset()
    expectSame(
      session.state.tensors, layer.initialState(batchSize: 1).tensors, "a session after reset")
    for rows in [[4], [4, 3, 0]] { checkStream(input.rows(rows)) }
  }

  /// A stream of as many rows, step by step: the first steps again after a reset, the others by a
  /// fork.
  private func checkStream(_ input: SequenceBatch) {
    let rows = input.batchSize
    let whole = run(input, from: layer.initialState(batchSize: rows))
    var stream = ModelStream(layer, inputSize: inputSize, rows: rows)
    var steps: [Tensor] = []
    do {
      for t in [0, 1, -1] + Array(0..<time) {
        if t < 0 {
          stream.reset()
          steps = []
          continue
        }
        if t == 2 {
          let fork = stream.fork()
          _ = try stream.step([Float](repeating: 1, count: rows * inputSize))
          stream = fork
        }
        let output = try stream.step(input.steps(t..<t + 1).values.elements)
        steps.append(Tensor(output, shape: [rows, 1, stream.outputSize]))
      }
    } catch {
      return expect(false, "a stream's step: \(error)")
    }
    let result =
      whole[0].rank == 3
      ? Tensor.concatenated(steps, along: 1)
      : steps[time - 1].reshaped(to: [rows, stream.outputSize])
    expectSame([result], [whole[0]], "output of a stream of \(rows)")
    expectSame(stream.state.tensors, Array(whole.dropFirst()), "state of a stream of \(rows)")
    let wrong = try? stream.step([Float](repeating: 1, count: rows * inputSize + 1))
    expect(wrong == nil, "a stream took a step of too many numbers")
  }

  // MARK: Rows

  func checkRows() {
    let input = self.input(lengths: lengths)
    let initial = state(batch: 6)
    let whole = run(input, from: initial)
    for row in lengths.indices {
      expectSame(
        run(input.rows([row]), from: initial.rows([row])), whole.map { $0.rows([row]) },
        "row \(row) alone")
    }
    let order = [5, 2, 0, 1, 4, 3]
    expectSame(
      run(input.rows(order), from: initial.rows(order)), whole.map { $0.rows(order) },
      "rows in another order")
    // Cut to its own length instead of padded.
    let cut = run(input.rows([5]).steps(0..<lengths[5]), from: initial.rows([5]))
    if whole[0].rank == 3 {
      expectSame(
        [cut[0]], [whole[0].rows([5]).slice(0..<lengths[5], along: 1)], "a row without padding")
    } else {
      expectSame(cut, whole.map { $0.rows([5]) }, "a row without padding")
    }
  }

  // MARK: Threads

  /// Rows enough for three threads to have their share of each kind of work.
  private var manyRows: SequenceBatch {
    input(batch: 54, time: 8, lengths: (0..<54).map { $0 == 3 ? 0 : 8 - $0 % 4 })
  }

  func checkThreads() {
    let input = manyRows
    let initial = state(batch: input.batchSize)
    let results = [1, 2, 3].map { threads in
      withThreads(threads) { run(input, from: initial) + gradients(input, from: initial) }
    }
    expectSame(results[1], results[0], "two threads")
    expectSame(results[2], results[0], "three threads")
  }

  func checkTasks() async throws {
    let input = self.input(lengths: lengths)
    let initial = state(batch: 6)
    let expected = run(input, from: initial) + gradients(input, from: initial)
    await withTaskGroup(of: [Tensor].self) { group in
      for _ in 0..<8 {
        group.addTask { run(input, from: initial) + gradients(input, from: initial) }
      }
      for await result in group { expectSame(result, expected, "eight tasks at once") }
    }
  }
}
