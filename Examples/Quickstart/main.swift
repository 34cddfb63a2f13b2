import Foundation
import Recurrent

let wave = (0..<600).map { Float(sin(Double($0) / 6) + 0.4 * sin(Double($0) / 2.3)) }
let windows = (0..<560).map { wave[$0..<$0 + 24].map { [$0] } }  // 24 steps in, the next one out
let inputs = SequenceBatch(rows: windows)
let targets = Tensor(Array(wave[24..<584]), shape: [560, 1])

var generator = RandomGenerator(seed: 1)
let model = Sequential {
  LSTM(inputSize: 1, hiddenSize: 32, using: &generator)
  LastOutput()
  Dense(inputSize: 32, outputSize: 1, using: &generator)
}
let (training, test) = (0..<440, 440..<560)
let examples = TensorExamples(inputs: inputs, targets: targets)
var trainer = Trainer(
  model, optimizer: Adam(learningRate: 0.01), options: TrainingOptions(epochs: 20),
  on: TensorExamples.self
) { model, batch, mode in meanSquaredError(model(batch.inputs, mode: mode), batch.targets) }
try trainer.run(on: examples.subset(training))

let held = examples.subset(test)
let error = meanSquaredError(trainer.bestModel(held.inputs), held.targets)
let naive = meanSquaredError(held.inputs.lastValidSteps, held.targets)
print("test error \(error.value), of the naive forecast \(naive.value)")
