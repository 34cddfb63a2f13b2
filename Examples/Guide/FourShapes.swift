import Foundation
import Recurrent

/// One to one, one to many, many to one, many to many aligned and not.
func fourShapes(_ pictures: Pictures) throws {
  try oneToOne()
  try oneToMany()
  try manyToOne()
  try manyToManyAligned()
  manyToMany()
}

private func oneToOne() throws {
  var generator = RandomGenerator(seed: 1)
  let x = Initializer.uniform(3)([500, 1], using: &generator)
  let examples = ExamplePairs(inputs: x, targets: x.squared() / 9)
  var model = Sequential {
    Dense(inputSize: 1, outputSize: 16, activation: .tanh, using: &generator)
    Dense(inputSize: 16, outputSize: 1, using: &generator)
  }
  try fit(
    &model, on: examples, loss: meanSquaredError, optimizer: Adam(learningRate: 0.01), epochs: 40)
  print("one to one:   2 ->", text(model(Tensor([2], shape: [1, 1])).value, 2), "(4/9)")
}

private func oneToMany() throws {
  // One number, the frequency, in; 20 values of a wave out. The number stands at every step.
  var generator = RandomGenerator(seed: 1)
  let frequencies = (0..<300).map { _ in 0.3 + 0.5 * generator.uniform() }
  func wave(_ frequency: Float) -> [[Float]] { (1...20).map { [sin(frequency * Float($0))] } }
  let examples = ExamplePairs(
    inputs: SequenceBatch(rows: frequencies.map { Array(repeating: [$0], count: 20) }),
    targets: SequenceBatch(rows: frequencies.map(wave)))
  var model = Sequential {
    GRU(inputSize: 1, hiddenSize: 32, using: &generator)
    EachStep(Dense(inputSize: 32, outputSize: 1, using: &generator))
  }
  try fit(
    &model, on: examples, loss: meanSquaredError, optimizer: Adam(learningRate: 0.01), epochs: 60)
  let answer = model(SequenceBatch(rows: [Array(repeating: [0.5], count: 20)]))
  let steps = answer.values.elements
  print("one to many:  0.5 ->", text([steps[2], steps[8], steps[14]], 2))
  print("              sine  ", text([sin(1.5), sin(4.5), sin(7.5)], 2))
}

private func manyToOne() throws {
  // Up or down: the sign of the sum of a row of any length from 3 to 8.
  var generator = RandomGenerator(seed: 1)
  let rows = (0..<1000).map { _ in
    (0..<Int.random(in: 3...8, using: &generator)).map { _ in [generator.uniform() * 2 - 1] }
  }
  let classes = rows.map { $0.reduce(0) { $0 + $1[0] } > 0 ? 1 : 0 }
  let examples = ExamplePairs(inputs: SequenceBatch(rows: rows), targets: classes)
  var model = Sequential {
    LSTM(inputSize: 1, hiddenSize: 16, using: &generator)
    LastOutput()
    Dense(inputSize: 16, outputSize: 2, using: &generator)
  }
  try fit(
    &model, on: examples.subset(0..<800),
    loss: { categoricalCrossEntropy(logits: $0, classes: $1) },
    optimizer: Adam(learningRate: 0.01), epochs: 20)
  let test = examples.subset(800..<1000)
  let logits = model(test.inputs)
  let right = (0..<test.count).count { row in
    (logits[row, 1] > logits[row, 0] ? 1 : 0) == test.targets[row]
  }
  print("many to one:  \(right) of \(test.count) sums have the right sign")
}

private func manyToManyAligned() throws {
  // At each step the mean of the steps so far.
  var generator = RandomGenerator(seed: 1)
  let rows = (0..<500).map { _ in (0..<10).map { _ in [generator.uniform()] } }
  let means = rows.map { row in
    row.indices.map { step in [row[...step].reduce(0) { $0 + $1[0] } / Float(step + 1)] }
  }
  let examples = ExamplePairs(
    inputs: SequenceBatch(rows: rows), targets: SequenceBatch(rows: means))
  var model = Sequential {
    LSTM(inputSize: 1, hiddenSize: 24, using: &generator)
    EachStep(Dense(inputSize: 24, outputSize: 1, using: &generator))
  }
  try fit(
    &model, on: examples, loss: meanSquaredError, optimizer: Adam(learningRate: 0.01), epochs: 40)
  let answer = model(SequenceBatch(rows: [[[1], [0], [0.5], [0.5]]])).values.elements
  print("many to many: 1 0 0.5 0.5 ->", text(answer, 2), "(1  0.5  0.5  0.5)")
}

/// Letters in, the same letters backwards out: the first answer needs the last letter.
private struct Reverser: Module {
  var letters: Embedding
  var encoder: GRU
  var decoder: GRU
  var head: Dense

  init(using generator: inout RandomGenerator) {
    letters = Embedding(vocabularySize: 11, size: 12, using: &generator)
    encoder = GRU(inputSize: 12, hiddenSize: 48, using: &generator)
    decoder = GRU(inputSize: 12, hiddenSize: 48, using: &generator)
    head = Dense(inputSize: 48, outputSize: 10, using: &generator)
  }

  /// The decoder starts where the encoder ended. In training it is given the right letter of the
  /// step before; 10 is the sign to begin.
  func callAsFunction(_ source: [[Int]], answer: [[Int]]) -> SequenceBatch {
    var state = encoder.initialState(batchSize: source.count)
    _ = encoder(letters(TokenBatch(source)), state: &state)
    let before = answer.map { [10] + $0.dropLast() }
    return EachStep(head)(decoder(letters(TokenBatch(before)), state: &state))
  }

  /// Alone it is given its own letter of the step before.
  func answer(to source: [Int]) -> [Int] {
    var state = encoder.initialState(batchSize: 1)
    _ = encoder(letters(TokenBatch([source])), state: &state)
    var answer: [Int] = []
    for _ in source {
      let output = decoder(letters(TokenBatch([[answer.last ?? 10]])), state: &state)
      let scores = EachStep(head)(output).values.elements
      answer.append(scores.indices.max { scores[$0] < scores[$1] } ?? 0)
    }
    return answer
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("letters", &letters)
    visitor.visit("encoder", &encoder)
    visitor.visit("decoder", &decoder)
    visitor.visit("head", &head)
  }
}

private func manyToMany() {
  var generator = RandomGenerator(seed: 1)
  func rows(_ count: Int) -> [[Int]] {
    (0..<count).map { _ in (0..<5).map { _ in Int.random(in: 0..<10, using: &generator) } }
  }
  var model = Reverser(using: &generator)
  var optimizer = Adam(learningRate: 0.01)
  for _ in 0..<800 {
    let source = rows(64)
    let answer = source.map { Array($0.reversed()) }
    let (_, gradients) = valueAndGradients(of: model) { model in
      categoricalCrossEntropy(logits: model(source, answer: answer), classes: answer)
    }
    optimizer.update(&model, along: gradients.clipped(toNorm: 1))
  }
  let test = rows(200)
  let right = test.count { model.answer(to: $0) == $0.reversed() }
  print("many to many: 3 1 4 1 5 ->", model.answer(to: [3, 1, 4, 1, 5]))
  print("              \(right) of \(test.count) new rows are reversed without a mistake")
}
