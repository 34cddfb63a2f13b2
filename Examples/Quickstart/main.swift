import Foundation
import Recurrent

let wave = (0..<600).map { Float(sin(Double($0) / 6) + 0.4 * sin(Double($0) / 2.3)) }
let examples = TensorExamples(  // 24 values in, the next one out
  inputs: SequenceBatch(rows: (0..<576).map { wave[$0..<$0 + 24].map { [$0] } }),
  targets: Tensor(Array(wave[24...]), shape: [576, 1]))
let (past, future) = (examples.subset(0..<450), examples.subset(450..<576))

var generator = RandomGenerator(seed: 1)
var model = Sequential {
  LSTM(inputSize: 1, hiddenSize: 32, using: &generator)
  LastOutput()
  Dense(inputSize: 32, outputSize: 1, using: &generator)
}
try fit(&model, on: past, loss: meanSquaredError, optimizer: Adam(learningRate: 0.01), epochs: 20)

let forecast = meanSquaredError(model(future.inputs), future.targets).value
let naive = meanSquaredError(future.inputs.lastValidSteps, future.targets).value
print("mean squared error of the LSTM \(forecast), of the naive forecast \(naive)")
