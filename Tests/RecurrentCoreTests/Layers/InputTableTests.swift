import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// A recurrent layer behind an embedding of few vectors multiplies each of them once. That changes
/// no bit of what it gives, and gradients are those of the plain way.
@Suite struct InputTableTests {
  private let size = 3
  private let vocabulary = 7

  private struct Model: Module {
    var embedding: Embedding
    var layer: AnyLayer

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("embedding", &embedding)
      visitor.visit("layer", &layer)
    }
  }

  enum Kind: CaseIterable, Sendable {
    case lstm, peephole, coupled, projected, gru, resetBefore, rnn, dropout, bidirectional
  }

  private func model(_ kind: Kind, vocabulary: Int = 7) -> Model {
    var generator = SeededGenerator(seed: 11)
    func lstm(_ options: RecurrentOptions = RecurrentOptions()) -> LSTM {
      LSTM(inputSize: size, hiddenSize: 5, options: options, using: &generator)
    }
    var recurrentDropout = RecurrentOptions()
    recurrentDropout.recurrentDropout = 0.3
    let layer: AnyLayer =
      switch kind {
      case .lstm: AnyLayer(lstm())
      case .peephole:
        AnyLayer(LSTM(inputSize: size, hiddenSize: 5, peepholes: true, using: &generator))
      case .coupled:
        AnyLayer(LSTM(inputSize: size, hiddenSize: 5, coupledGates: true, using: &generator))
      case .projected:
        AnyLayer(LSTM(inputSize: size, hiddenSize: 5, projectionSize: 4, using: &generator))
      case .gru: AnyLayer(GRU(inputSize: size, hiddenSize: 5, using: &generator))
      case .resetBefore:
        AnyLayer(
          GRU(inputSize: size, hiddenSize: 5, reset: .beforeProduct, using: &generator))
      case .rnn: AnyLayer(SimpleRNN(inputSize: size, hiddenSize: 18, using: &generator))
      case .dropout: AnyLayer(lstm(recurrentDropout))
      case .bidirectional:
        AnyLayer(
          Bidirectional(
            lstm(), GRU(inputSize: size, hiddenSize: 2, using: &generator)))
      }
    return Model(
      embedding: Embedding(
        weights: Tensor(
          generator.floats(vocabulary * size, in: -1...1), shape: [vocabulary, size])),
      layer: layer)
  }

  /// Rows of several lengths, one of them empty; tokens 2 and 4 do not occur.
  private var tokens: TokenBatch {
    TokenBatch(
      [9, 4, 0, 7, 9, 1].enumerated().map { row, length in
        (0..<length).map { [0, 6, 3, 1, 5][($0 * $0 + 2 * row * $0 + row) % 5] }
      })
  }

  /// What the model gives, its vectors known as rows of a table, or as values like any others.
  private func run(
    _ model: Model, _ tokens: TokenBatch, usesTable: Bool, mode: Mode = .prediction
  ) -> (output: SequenceBatch, state: AnyLayer.State) {
    var vectors = model.embedding(tokens)
    if !usesTable { vectors = SequenceBatch(vectors.values, lengths: vectors.lengths) }
    #expect((InputTable(vectors, width: 4) != nil) == usesTable)
    var state = model.layer.initialState(batchSize: tokens.batchSize)
    let output = model.layer.forward(vectors, state: &state, mode: mode)
    return (output, state)
  }

  private func loss(
    _ model: Model, usesTable: Bool, mode: Mode = .training(RandomKey(seed: 2))
  ) -> Tensor {
    let (output, state) = run(model, tokens, usesTable: usesTable, mode: mode)
    let weights = Tensor(
      SeededGenerator.floats(output.values.count, seed: 4), shape: output.values.shape)
    return state.tensors.reduce((output.values * weights).sum()) { $0 + $1.squared().sum() }
  }

  @Test(arguments: Kind.allCases)
  func outputHasTheBitsOfThePlainWay(_ kind: Kind) {
    let model = model(kind)
    for mode in [Mode.prediction, .training(RandomKey(seed: 3))] {
      for threads in [1, 3] {
        let (found, expected) = withThreads(threads) {
          (
            run(model, tokens, usesTable: true, mode: mode),
            run(model, tokens, usesTable: false, mode: mode)
          )
        }
        #expect(found.output.values.isIdentical(to: expected.output.values))
        for (a, b) in paired(found.state.tensors, expected.state.tensors) {
          #expect(a.isIdentical(to: b))
        }
      }
    }
    #expect(
      loss(model, usesTable: true).value.bitPattern
        == loss(model, usesTable: false).value.bitPattern)
  }

  /// A row has few tokens and is no table; among others it is.
  @Test(arguments: Kind.allCases)
  func aRowAloneIsTheRowOfABatch(_ kind: Kind) {
    let model = model(kind)
    let whole = run(model, tokens, usesTable: true).output.values
    for row in [0, 1, 3] {
      let alone = run(model, tokens.rows([row]), usesTable: false).output.values
      #expect(alone.isIdentical(to: whole.rows([row])), "row \(row)")
    }
  }

  @Test(arguments: Kind.allCases)
  func gradientsAreThoseOfThePlainWay(_ kind: Kind) throws {
    let model = model(kind)
    let (_, found) = valueAndGradients(of: model) { loss($0, usesTable: true) }
    let (_, expected) = valueAndGradients(of: model) { loss($0, usesTable: false) }
    #expect(found.names == expected.names)
    for (name, (a, b)) in paired(found.names, paired(found.tensors, expected.tensors)) {
      let (a, b) = (try #require(a), try #require(b))
      expectClose(a.elements, shape: a.shape, to: b.elements, shape: b.shape, within: 1e-6, name)
    }
    // By rows still: those that occur.
    #expect(found.rows(of: "embedding.weights")?.indices == [0, 1, 3, 5, 6])
    #expect(
      found.rows(of: "embedding.weights")?.indices
        == expected.rows(of: "embedding.weights")?.indices)
  }

  @Test(arguments: Kind.allCases)
  func gradientsDoNotDependOnThreadsOrSegments(_ kind: Kind) throws {
    let model = model(kind)
    func gradients(threads: Int, segmentLength: Int?) -> [Tensor?] {
      withThreads(threads) {
        valueAndGradients(of: model) {
          loss(
            $0, usesTable: true,
            mode: .training(RandomKey(seed: 2), segmentLength: segmentLength))
        }.gradients.tensors
      }
    }
    let expected = gradients(threads: 1, segmentLength: nil)
    for (threads, segmentLength) in [(3, nil), (1, 4), (2, 1)] {
      for (a, b) in paired(gradients(threads: threads, segmentLength: segmentLength), expected) {
        #expect(try #require(a).isIdentical(to: #require(b)))
      }
    }
  }

  @Test(arguments: [Kind.lstm, .gru, .resetBefore, .rnn])
  func gradientsAreFiniteDifferences(_ kind: Kind) throws {
    let model = model(kind)
    let (_, gradients) = valueAndGradients(of: model) { loss($0, usesTable: true) }
    for (index, name) in gradients.names.enumerated()
    where name == "embedding.weights" || name.hasSuffix("input_weights") {
      let gradient = try #require(gradients.tensors[index])
      let slopes = (0..<gradient.count).map { position in
        /// Of fourth order: (8·(f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h.
        func value(_ shift: Float) -> Double {
          var shifted = model
          var place = 0
          shifted.updateParameters { _, tensor in
            if place == index { tensor.withUnsafeMutableElements { $0[position] += shift } }
            place += 1
          }
          return Double(loss(shifted, usesTable: true).value)
        }
        let step: Float = 1 / 16
        return Float(
          (8 * (value(step) - value(-step)) - value(2 * step) + value(-2 * step))
            / (12 * Double(step)))
      }
      expectClose(
        gradient.elements, shape: gradient.shape, to: slopes, shape: gradient.shape, within: 1e-4,
        name)
    }
  }

  /// The plain way where vectors hardly come twice, and where they are changed on the way.
  @Test func otherInputIsNoTable() {
    let many = model(.lstm, vocabulary: 16).embedding(tokens)
    #expect(InputTable(many, width: 20) == nil)
    let few = model(.lstm, vocabulary: 15).embedding(tokens)
    #expect(InputTable(few, width: 20) != nil && few.layout.packedCount == 30)
    #expect(InputTable(few.with(few.values * 2), width: 20) == nil)
    #expect(InputTable(few.steps(0..<9), width: 20) == nil)
    #expect(InputTable(few.reversed, width: 20) != nil)
  }

  /// A table that is not trained gets no gradient; the layer gets the same.
  @Test func aFrozenTable() throws {
    let model = model(.lstm)
    let (_, all) = valueAndGradients(of: model) { loss($0, usesTable: true) }
    let (_, own) = valueAndGradients(of: model.layer) {
      loss(Model(embedding: model.embedding, layer: $0), usesTable: true)
    }
    for (a, b) in paired(own.tensors, all.tensors.dropFirst()) {
      #expect(try #require(a).isIdentical(to: #require(b)))
    }
  }
}
