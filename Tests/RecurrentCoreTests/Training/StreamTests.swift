import Recurrent
import TestSupport
import Testing

@Suite struct StreamTests {
  private struct Model: Layer {
    var recurrent: GRU
    var head: EachStep<Dense>

    init(seed: UInt64 = 1) {
      var generator = RandomGenerator(seed: seed)
      recurrent = GRU(inputSize: 2, hiddenSize: 5, using: &generator)
      head = EachStep(Dense(inputSize: 5, outputSize: 1, using: &generator))
    }

    func initialState(batchSize: Int) -> HiddenState {
      recurrent.initialState(batchSize: batchSize)
    }

    func forward(_ input: SequenceBatch, state: inout HiddenState, mode: Mode) -> SequenceBatch {
      head(recurrent.forward(input, state: &state, mode: mode))
    }

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("recurrent", &recurrent)
      visitor.visit("head", &head)
    }
  }

  private let time = 12
  private var inputs: SequenceBatch {
    SequenceBatch(
      Tensor(SeededGenerator.floats(3 * time * 2, seed: 1), shape: [3, time, 2]),
      lengths: [12, 7, 10])
  }
  private var targets: SequenceBatch {
    inputs.with(Tensor(SeededGenerator.floats(3 * time, seed: 2), shape: [3, time, 1]))
  }

  private static func loss(_ outputs: SequenceBatch, _ targets: SequenceBatch) -> Tensor {
    (outputs.validSteps - targets.validSteps).squared().sum()
  }

  private func trained(_ stepsPerUpdate: Int, _ stepsBack: Int, epochs: Int = 1) throws -> Model {
    let examples = StreamExamples(
      inputs: inputs, targets: targets, stepsPerUpdate: stepsPerUpdate, stepsBack: stepsBack)
    var trainer = Trainer(
      Model(), optimizer: SGD(learningRate: 0.01),
      options: TrainingOptions(epochs: epochs, clipping: nil), onStreams: type(of: examples),
      loss: Self.loss)
    try trainer.run(on: examples)
    return trainer.state.model
  }

  /// By hand: for each update the state that gradients start from is computed with the weights that
  /// were there, then everything after it is followed.
  private func expected(_ stepsPerUpdate: Int, _ stepsBack: Int) -> Model {
    var model = Model()
    var optimizer = SGD(learningRate: 0.01)
    var starts: [Int: HiddenState] = [0: model.initialState(batchSize: 3)]
    for counted in stride(from: 0, to: time, by: stepsPerUpdate) {
      let end = min(counted + stepsPerUpdate, time)
      let start = max(0, counted + stepsPerUpdate - stepsBack)
      let next = max(
        0, start == 0 ? counted + 2 * stepsPerUpdate - stepsBack : start + stepsPerUpdate)
      let from = starts[start] ?? model.initialState(batchSize: 3)
      if next > start, next <= end {
        var state = from
        _ = model(inputs.steps(start..<next), state: &state)
        starts[next] = state
      }
      let (_, gradients) = valueAndGradients(of: model) { model in
        var state = from
        let outputs = model(inputs.steps(start..<end), state: &state)
        return Self.loss(
          outputs.steps(counted - start..<end - start), targets.steps(counted..<end))
      }
      optimizer.update(&model, along: gradients)
    }
    return model
  }

  @Test(arguments: [(12, 12), (4, 4), (4, 8), (4, 12), (4, 16), (5, 5), (5, 10), (1, 3), (3, 9)])
  func updatesGoBackAsFarAsAsked(_ stepsPerUpdate: Int, _ stepsBack: Int) throws {
    let (found, expected) = (
      try trained(stepsPerUpdate, stepsBack), expected(stepsPerUpdate, stepsBack)
    )
    for ((name, a), (_, b)) in paired(found.parameters, expected.parameters) {
      expectClose(
        a.elements, shape: a.shape, to: b.elements, shape: b.shape, within: 1e-6, name)
    }
  }

  /// How far gradients go back matters; epochs start anew.
  @Test func truncationMatters() throws {
    #expect(try trained(4, 4).bits != trained(4, 8).bits)
    #expect(try trained(4, 4, epochs: 2).bits == trained(4, 4, epochs: 2).bits)
  }

  @Test func piecesAreTold() {
    let examples = StreamExamples(
      inputs: inputs, targets: targets, stepsPerUpdate: 5, stepsBack: 10)
    #expect(examples.count == 3)
    #expect((0..<3).map { examples.batch([$0]).inputs.time } == [5, 5, 2])
    #expect(examples.batch([1]).targets.lengths == [5, 2, 5])
    let series = Tensor((0..<22).map(Float.init), shape: [11, 2])
    let streams = SequenceBatch(streams: 3, of: series)
    #expect(streams.values.shape == [3, 3, 2] && streams.values[1, 0, 0] == 6)
  }

  /// An echo that comes six steps late is beyond gradients over two steps, but not beyond twelve.
  @Test func longerGradientsLearnLongerEchoes() throws {
    func error(_ stepsBack: Int) throws -> Double {
      let values = SeededGenerator.floats(40 * 60, seed: 5).map { x -> Float in x > 0 ? 1 : -1 }
      let inputs = SequenceBatch(Tensor(values, shape: [40, 60, 1]))
      let echo = (0..<40 * 60).map { place -> Float in place % 60 < 4 ? 0 : values[place - 4] }
      let examples = StreamExamples(
        inputs: inputs, targets: inputs.with(Tensor(echo, shape: [40, 60, 1])), stepsPerUpdate: 2,
        stepsBack: stepsBack)
      var generator = RandomGenerator(seed: 2)
      let model = Sequential {
        GRU(inputSize: 1, hiddenSize: 24, using: &generator)
        EachStep(Dense(inputSize: 24, outputSize: 1, using: &generator))
      }
      var trainer = Trainer(
        model, optimizer: Adam(learningRate: 0.01), options: TrainingOptions(epochs: 12),
        onStreams: type(of: examples)
      ) { outputs, targets in meanSquaredError(outputs.values, targets.values) }
      try trainer.run(on: examples)
      return trainer.evaluate(trainer.state.model, on: examples)
    }
    let (short, long) = (try error(2), try error(12))
    #expect(long < 0.3 && short > 0.6, "mean squared errors \(short) and \(long)")
  }
}
