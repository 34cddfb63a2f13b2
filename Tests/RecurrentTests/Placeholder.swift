import Recurrent
import Foundation
import Testing

@Test func thinPath() {
  var generator = RandomGenerator(seed: 1)
  var model = Sequential {
    LSTM(inputSize: 1, hiddenSize: 50, using: &generator)
    LSTM(inputSize: 50, hiddenSize: 50, using: &generator)
    LastOutput()
    Dense(inputSize: 50, outputSize: 1, using: &generator)
  }
  let x = SequenceBatch(Tensor((0..<6400).map { sin(Float($0) * 0.1) }, shape: [64, 100, 1]))
  let y = Tensor(repeating: 0.3, shape: [64, 1])
  print(model.parameters.map(\.name), model.parameterCount)
  for _ in 0..<10 {
    let (loss, gradients) = valueAndGradients(of: model) { model in (model(x) - y).squared().mean() }
    print(loss, gradients.norm)
    var i = 0
    model.updateParameters { name, p in p = p - 0.1 * gradients.tensors[i]!; i += 1 }
  }
}
