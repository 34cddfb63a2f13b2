import Recurrent

/// What results do not depend on.
func sameBits(_ pictures: Pictures) throws {
  print("(0.1 + 0.2) + 0.3 == 0.1 + (0.2 + 0.3):", (0.1 + 0.2) + 0.3 == 0.1 + (0.2 + 0.3))

  var generator = RandomGenerator(seed: 1)
  let layer = LSTM(inputSize: 8, hiddenSize: 96, using: &generator)
  let batch = SequenceBatch(Initializer.uniform(1)([64, 40, 8], using: &generator))
  let output = layer(batch).values

  let one = ExecutionContext(threads: 1).run { layer(batch).values }
  let four = ExecutionContext(threads: 4).run { layer(batch).values }
  print("one thread, four threads:", one.isIdentical(to: four))

  let alone = layer(batch.rows([17])).values
  print("a row alone, a row among 64:", alone.isIdentical(to: output.slice(17..<18, along: 0)))

  func trained(threads: Int) throws -> LSTM {
    var copy = layer
    let examples = ExamplePairs(inputs: batch, targets: SequenceBatch(output * 0.5))
    try ExecutionContext(threads: threads).run {
      _ = try fit(
        &copy, on: examples, loss: meanSquaredError, optimizer: Adam(), epochs: 2, seed: 7)
    }
    return copy
  }
  let (a, b) = (try trained(threads: 1), try trained(threads: 3))
  print("trained on one thread, on three:", a.weights.input.isIdentical(to: b.weights.input))
}
