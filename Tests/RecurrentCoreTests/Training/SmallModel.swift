import Recurrent
import TestSupport
import Testing

/// A network that trains in a moment: an LSTM of 5 units, dropout, and 2 outputs.
struct SmallModel: Layer {
  var recurrent: LSTM
  var dropout: Dropout
  var head: Dense

  init(inputSize: Int = 3, hiddenSize: Int = 5, dropout: Float = 0, seed: UInt64 = 1) {
    var generator = RandomGenerator(seed: seed)
    recurrent = LSTM(inputSize: inputSize, hiddenSize: hiddenSize, using: &generator)
    self.dropout = Dropout(rate: dropout)
    head = Dense(inputSize: hiddenSize, outputSize: 2, using: &generator)
  }

  func initialState(batchSize: Int) -> LSTM.State {
    recurrent.initialState(batchSize: batchSize)
  }

  func forward(_ input: SequenceBatch, state: inout LSTM.State, mode: Mode) -> Tensor {
    let hidden = recurrent.forward(input, state: &state, mode: mode.child(0)).lastValidSteps
    return head(dropout(hidden, mode: mode.child(1)))
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("recurrent", &recurrent)
    visitor.visit("head", &head)
  }
}

/// Recurrent layers with all noise there is, over tokens of 3 features.
struct NoisyModel: Layer {
  var stack: RecurrentStack
  var head: EachStep<Dense>

  init(seed: UInt64 = 1) {
    var generator = RandomGenerator(seed: seed)
    let options = RecurrentOptions(
      inputDropout: 0.2, recurrentDropout: 0.2, zoneout: 0.2, dropConnect: 0.2)
    stack = RecurrentStack(
      .gru, inputSize: 3, hiddenSize: 6, layerCount: 2, options: options, dropout: 0.3,
      using: &generator)
    head = EachStep(Dense(inputSize: 6, outputSize: 2, using: &generator))
  }

  func initialState(batchSize: Int) -> RecurrentStack.State {
    stack.initialState(batchSize: batchSize)
  }

  func forward(
    _ input: SequenceBatch, state: inout RecurrentStack.State, mode: Mode
  ) -> SequenceBatch {
    head(stack.forward(input, state: &state, mode: mode.child(0)))
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("stack", &stack)
    visitor.visit("head", &head)
  }
}

/// `rows` random streams of 11 steps, cut every 2 steps, whose gradients go back 4.
func noisyStreams(
  _ rows: Int, seed: UInt64
) -> StreamExamples<SequenceBatch, SequenceBatch> {
  func values(_ width: Int, _ seed: UInt64) -> SequenceBatch {
    SequenceBatch(
      Tensor(SeededGenerator.floats(rows * 11 * width, seed: seed), shape: [rows, 11, width]))
  }
  return StreamExamples(
    inputs: values(3, seed), targets: values(2, seed + 1), stepsPerUpdate: 2, stepsBack: 4)
}

typealias SmallTrainer = Trainer<SmallModel, Adam, TensorExamples>

/// `count` random sequences of 4 steps and 3 features with 2 random targets.
func smallExamples(_ count: Int, seed: UInt64 = 3, features: Int = 3) -> TensorExamples {
  var generator = SeededGenerator(seed: seed)
  return TensorExamples(
    inputs: SequenceBatch(
      Tensor(generator.floats(count * 4 * features), shape: [count, 4, features])),
    targets: Tensor(generator.floats(count * 2), shape: [count, 2]))
}

func smallTrainer(
  model: SmallModel = SmallModel(), learningRate: Float = 0.01, _ options: TrainingOptions
) -> SmallTrainer {
  SmallTrainer(model, optimizer: Adam(learningRate: learningRate), options: options) {
    model, batch, mode in
    meanSquaredError(model(batch.inputs, mode: mode), batch.targets)
  }
}

extension Module {
  /// Names and bits of all parameters.
  var bits: [String: [UInt32]] {
    Dictionary(
      uniqueKeysWithValues: parameters.map { ($0.name, $0.tensor.elements.map(\.bitPattern)) })
  }
}

extension TrainingHistory {
  /// All but the seconds.
  var numbers: [[Double?]] {
    epochs.map {
      [
        Double($0.epoch), $0.loss, $0.validationLoss, $0.score?.value, $0.learningRate,
        $0.gradientNorm,
      ]
    }
  }
}

/// Two runs are the same, to the bit.
func expectSame<Model, Rule, Examples>(
  _ a: Trainer<Model, Rule, Examples>.State, _ b: Trainer<Model, Rule, Examples>.State,
  _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  func expect(_ isSame: Bool, _ what: String) {
    #expect(isSame, "\(what) \(comment?.description ?? "")", sourceLocation: sourceLocation)
  }
  func areIdentical(_ tensors: [Tensor], _ others: [Tensor]) -> Bool {
    tensors.count == others.count && zip(tensors, others).allSatisfy { $0.isIdentical(to: $1) }
  }
  expect(a.model.bits == b.model.bits, "weights")
  expect(a.best.bits == b.best.bits, "best weights")
  expect(a.average?.model.bits == b.average?.model.bits, "average")
  expect(a.average?.steps == b.average?.steps, "steps of the average")
  expect(a.optimizer.state.steps == b.optimizer.state.steps, "updates")
  let (slots, others) = (a.optimizer.state.slots, b.optimizer.state.slots)
  expect(slots.map(\.count) == others.map(\.count), "accumulators")
  expect(areIdentical(Array(slots.joined()), Array(others.joined())), "accumulators")
  expect(a.optimizer.learningRate == b.optimizer.learningRate, "learning rate")
  expect(a.learningRate == b.learningRate && a.schedule == b.schedule, "schedule")
  expect(a.seed == b.seed && a.epoch == b.epoch && a.step == b.step, "place in the run")
  expect(areIdentical(a.carried, b.carried), "carried state")
  var (here, there) = (a.progress, b.progress)
  (here.seconds, there.seconds) = (0, 0)
  expect(here == there, "place in the epoch")
  expect(a.history.numbers == b.history.numbers, "history")
  expect(a.history.best?.epoch == b.history.best?.epoch, "best epoch")
  expect(a.history.epochsSinceBest == b.history.epochsSinceBest, "epochs since the best")
}
