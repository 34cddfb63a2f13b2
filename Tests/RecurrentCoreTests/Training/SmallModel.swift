import Recurrent
import TestSupport

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
      [Double($0.epoch), $0.loss, $0.validationLoss, $0.learningRate, $0.gradientNorm]
    }
  }
}
