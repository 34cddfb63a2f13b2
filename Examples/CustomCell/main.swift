import Recurrent

// A cell of one's own, trained: nobody writes a backward pass.

// The task: the mean of 40 random numbers. A unit that forgets slowly can hold it, one that forgets
// by half each step cannot: the rates must be learned.
var generator = RandomGenerator(seed: 1)
let values = Initializer.uniform(0.5)([512, 40, 1], using: &generator)
let examples = TensorExamples(inputs: SequenceBatch(values), targets: values.mean(along: 1))

var model = Sequential {
  Recurrence(LeakyCell(inputSize: 1, hiddenSize: 8, using: &generator))
  LastOutput()
  Dense(inputSize: 8, outputSize: 1, using: &generator)
}

// The whole training loop, for those who want to hold it in their own hands.
var optimizer = Adam(learningRate: 0.02)
for epoch in 1...30 {
  var sum: Float = 0
  for first in stride(from: 0, to: examples.count, by: 64) {
    let batch = examples.batch(Array(first..<first + 64))
    let (loss, gradients) = valueAndGradients(of: model) { model in
      meanSquaredError(model(batch.inputs), batch.targets)
    }
    optimizer.update(&model, along: gradients.clipped(toNorm: 1))
    sum += loss / 8
  }
  if epoch % 5 == 0 { print("epoch \(epoch): loss \(sum)") }
}

let rates = model.parameters.first { $0.name == "0.rate" }?.tensor.sigmoid().elements ?? []
print("learned rates:", rates.map { ($0 * 100).rounded() / 100 })

let fresh = Initializer.uniform(0.5)([256, 40, 1], using: &generator)
let error = meanSquaredError(model(SequenceBatch(fresh)), fresh.mean(along: 1))
let zero = meanSquaredError(.zeros([256, 1]), fresh.mean(along: 1))
print("error on new sequences: \(error.value); of always answering 0: \(zero.value)")
