import AllocationCounter
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// What ``checkLayer`` does not ask of a stream.
@Suite struct ModelStreamTests {
  private static func input(_ count: Int, seed: UInt64 = 7) -> [Float] {
    var numbers = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Float.random(in: -1...1, using: &numbers) }
  }

  /// Whole networks, with each kind of layer that is laid out.
  private static func network(using generator: inout SeededGenerator) -> some Layer<
    SequenceBatch, SequenceBatch
  > {
    Sequential {
      Conv1D(
        inputSize: 2, outputSize: 6, kernelSize: 3, dilation: 2, padding: .causal,
        using: &generator)
      BatchNorm(size: 6)
      SkipConnection(
        around: AnyLayer(GRU(inputSize: 6, hiddenSize: 6, using: &generator)), merge: .average)
      LayerNorm(size: 6)
      SkipConnection(
        around: LSTM(inputSize: 6, hiddenSize: 20, using: &generator), merge: .concatenate)
      Dropout(rate: 0.3)
      EachStep(Dense(inputSize: 26, outputSize: 5, activation: .gelu, using: &generator))
      EachStep(Dense(inputSize: 5, outputSize: 4, activation: .softmax, using: &generator))
    }
  }

  @Test(arguments: [1, 3]) func networks(rows: Int) throws {
    var generator = SeededGenerator(seed: 3)
    let model = Self.network(using: &generator)
    let stream = ModelStream(model, inputSize: 2, rows: rows)
    #expect(stream.isLaidOut)
    let steps = 40
    let input = Self.input(rows * steps * 2)  // [T, B, 2]
    var byRow: [Float] = []
    for row in 0..<rows {
      for step in 0..<steps {
        let place = (step * rows + row) * 2
        byRow += input[place..<place + 2]
      }
    }
    let batch = SequenceBatch(Tensor(byRow, shape: [rows, steps, 2]))
    let expected = model(batch).values.elements
    var output = [Float](repeating: 0, count: steps * rows * 4)
    input.withUnsafeBufferPointer { input in
      output.withUnsafeMutableBufferPointer { stream.process(input, into: $0) }
    }
    for row in 0..<rows {
      for step in 0..<steps {
        let (from, at) = ((step * rows + row) * 4, (row * steps + step) * 4)
        #expect(Array(output[from..<from + 4]) == Array(expected[at..<at + 4]))
      }
    }
  }

  /// Sizes around those of vectors and panels, whose weights are read in both directions.
  @Test(arguments: [1, 3, 7, 8, 9, 15, 16, 17, 20, 31, 33, 40, 64, 65, 128])
  func sizes(units: Int) throws {
    var generator = SeededGenerator(seed: UInt64(units))
    for inputSize in [1, 5] {
      let layers: [any Layer<SequenceBatch, SequenceBatch>] = [
        LSTM(inputSize: inputSize, hiddenSize: units, using: &generator),
        GRU(inputSize: inputSize, hiddenSize: units, using: &generator),
        GRU(inputSize: inputSize, hiddenSize: units, reset: .beforeProduct, using: &generator),
        SimpleRNN(inputSize: inputSize, hiddenSize: units, using: &generator),
        SimpleRNN(
          inputSize: inputSize, hiddenSize: units, options: .init(activation: .relu),
          using: &generator),
      ]
      for layer in layers.map(AnyLayer.init) {
        for precision in WeightPrecision.allCases {
          let layer = layer.rounded(to: precision)
          let stream = ModelStream(layer)
          let input = Self.input(9 * inputSize)
          let whole = layer(SequenceBatch(Tensor(input, shape: [1, 9, inputSize]))).values.elements
          var output: [Float] = []
          for step in 0..<9 {
            output += try stream.step(Array(input[step * inputSize..<(step + 1) * inputSize]))
          }
          #expect(output == whole, "\(layer.base), \(units) units, \(precision)")
        }
      }
    }
  }

  /// Tokens, and a table of vectors.
  @Test func tokens() throws {
    var generator = SeededGenerator(seed: 5)
    let model = Sequential {
      Embedding(vocabularySize: 11, size: 4, using: &generator)
      GRU(inputSize: 4, hiddenSize: 6, using: &generator)
    }
    let stream = ModelStream(model)
    var output: [Float] = []
    let tokens = [3, 0, 10, 10, 1]
    let whole = model(TokenBatch([tokens])).values
    for (step, token) in tokens.enumerated() {
      try stream.step([token], into: &output)
      #expect(output == whole.slice(step..<step + 1, along: 1).elements)
    }
    #expect(stream.isLaidOut)
  }

  /// A cell of one's own is called, and gives the same.
  @Test func ownCell() throws {
    var generator = SeededGenerator(seed: 5)
    let model = Sequential {
      Recurrence(LeakyCell(inputSize: 2, hiddenSize: 3, using: &generator))
      LSTM(inputSize: 3, hiddenSize: 2, using: &generator)
    }
    let stream = ModelStream(model, inputSize: 2)
    #expect(!stream.isLaidOut)
    let input = Self.input(12)
    let whole = model(SequenceBatch(Tensor(input, shape: [1, 6, 2]))).values.elements
    let output = try (0..<6).flatMap { try stream.step([input[2 * $0], input[2 * $0 + 1]]) }
    #expect(output == whole)
  }

  /// A state goes to a session and to another stream, and on from there.
  @Test func states() throws {
    var generator = SeededGenerator(seed: 5)
    let model = Self.network(using: &generator)
    let stream = ModelStream(model, inputSize: 2)
    for step in 0..<7 { _ = try stream.step(Self.input(2, seed: UInt64(step))) }
    var session = Session(model)
    session.state = stream.state
    let other = ModelStream(model, inputSize: 2)
    other.state = stream.state
    for step in 7..<12 {
      let input = Self.input(2, seed: UInt64(step))
      let expected = try stream.step(input)
      #expect(try other.step(input) == expected)
      #expect(try session.step(input).values.elements == expected)
    }
  }

  /// Networks that are no chain allocate nothing either.
  @Test func allocationsOfBranches() throws {
    guard allocations_are_counted() != false else { return }
    var generator = SeededGenerator(seed: 3)
    func check(_ network: some Layer<SequenceBatch, SequenceBatch>) {
      for rows in [1, 3] {
        let stream = ModelStream(network, inputSize: 3, rows: rows)
        let input = Self.input(3 * rows)
        var output = [Float](repeating: 0, count: stream.outputSize * rows)
        let steps = input.withUnsafeBufferPointer { input in
          output.withUnsafeMutableBufferPointer { output in
            // Before the arrays may be given back, which counts too.
            let before = allocations_of_thread()
            for _ in 0..<10_000 { stream.step(input, into: output) }
            return allocations_of_thread() - before
          }
        }
        #expect(steps == 0 && stream.isLaidOut, "\(rows) rows")
      }
    }
    check(BranchedNetworks.mask(using: &generator))
    check(BranchedNetworks.encoders(using: &generator))
    check(BranchedNetworks.outputs(using: &generator))
  }

  /// What a real-time thread may call: 100,000 steps ask the system for no memory.
  @Test func allocations() throws {
    guard allocations_are_counted() != false else { return }
    var generator = SeededGenerator(seed: 3)
    let before = allocations_of_thread()
    _ = Array(repeating: Float(0), count: Int.random(in: 100...200))
    try #require(allocations_of_thread() > before, "the counter counts")

    let model = Self.network(using: &generator)
    for rows in [1, 3] {
      let stream = ModelStream(model, inputSize: 2, rows: rows)
      let input = Self.input(2 * rows)
      var output = [Float](repeating: 0, count: 4 * rows)
      let before = allocations_of_thread()
      input.withUnsafeBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
          for _ in 0..<100_000 / rows { stream.step(input, into: output) }
        }
      }
      let steps = allocations_of_thread() - before
      let between = allocations_of_thread()
      for _ in 0..<1_000 { try stream.step(input, into: &output) }
      let after = allocations_of_thread()
      #expect(steps == 0, "\(rows) rows")
      // An array may be copied once, to have its elements for itself; none is made in a step.
      #expect(after - between <= 2, "\(rows) rows by arrays")
    }
  }
}
