import Recurrent

/// A question that only later steps answer.
func bidirectional(_ pictures: Pictures) throws {
  // At each step: is the next value greater than this one?
  var generator = RandomGenerator(seed: 1)
  let rows = (0..<600).map { _ in (0..<12).map { _ in [generator.uniform()] } }
  let classes = rows.map { row in
    row.indices.map { $0 + 1 < row.count && row[$0 + 1][0] > row[$0][0] ? 1 : 0 }
  }
  let examples = ExamplePairs(inputs: SequenceBatch(rows: rows), targets: classes)
  let (learned, asked) = (examples.subset(0..<500), examples.subset(500..<600))

  var forward = Sequential {
    GRU(inputSize: 1, hiddenSize: 32, using: &generator)
    EachStep(Dense(inputSize: 32, outputSize: 2, using: &generator))
  }
  var both = Sequential {
    Bidirectional(
      GRU(inputSize: 1, hiddenSize: 16, using: &generator),
      GRU(inputSize: 1, hiddenSize: 16, using: &generator))
    EachStep(Dense(inputSize: 32, outputSize: 2, using: &generator))
  }
  let loss = { @Sendable (logits: SequenceBatch, classes: [[Int]]) in
    categoricalCrossEntropy(logits: logits, classes: classes)
  }
  let optimizer = Adam(learningRate: 0.01)
  try fit(&forward, on: learned, loss: loss, optimizer: optimizer, epochs: 30)
  try fit(&both, on: learned, loss: loss, optimizer: optimizer, epochs: 30)

  func right(_ model: some Layer<SequenceBatch, SequenceBatch>) -> Int {
    let logits = model(asked.inputs).values
    return (0..<100).reduce(0) { sum, row in
      sum
        + (0..<12).count {
          (logits[row, $0, 1] > logits[row, $0, 0] ? 1 : 0) == asked.targets[row][$0]
        }
    }
  }
  print("right of 1200 answers: forward", right(forward), "both directions", right(both))
  print("parameters:", forward.parameterCount, both.parameterCount)

  // The last output and the two ends are not the same.
  let layer = Bidirectional(
    GRU(inputSize: 1, hiddenSize: 2, using: &generator),
    GRU(inputSize: 1, hiddenSize: 2, using: &generator))
  let row = SequenceBatch(rows: [[[1], [2], [3]]])
  print("last output", text(LastOutput()(layer(row)).elements))
  print("both ends  ", text(layer.final(row).elements))
}
