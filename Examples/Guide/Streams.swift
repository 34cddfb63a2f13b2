import Recurrent

/// Whole, in pieces, step by step; forks.
func streams(_ pictures: Pictures) throws {
  var generator = RandomGenerator(seed: 1)
  let model = Sequential {
    LSTM(inputSize: 1, hiddenSize: 8, using: &generator)
    LastOutput()
    Dense(inputSize: 8, outputSize: 1, using: &generator)
  }
  let sensor: [Float] = (0..<100).map { _ in generator.uniform() }
  let whole = model(SequenceBatch(rows: [sensor.map { [$0] }]))

  var session = Session(model)
  var last = whole
  for value in sensor { last = try session.step([value]) }
  print("step by step, the same bits:", last.isIdentical(to: whole))

  var state = model.initialState(batchSize: 1)
  for piece in [0..<30, 30..<31, 31..<100] {
    last = model(SequenceBatch(rows: [sensor[piece].map { [$0] }]), state: &state)
  }
  print("in three pieces, the same bits:", last.isIdentical(to: whole))

  var fork = session
  let rises = try fork.step([1])
  let falls = try session.step([0])
  print("a copy goes its own way:", rises != falls)

  let stream = ModelStream(model)
  var output: [Float] = [0]
  for value in sensor { try stream.step([value], into: &output) }
  print("laid out for a real-time thread, the same bits:", output == whole.elements)
}
