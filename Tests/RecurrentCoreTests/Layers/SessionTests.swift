import Recurrent
import TestSupport
import Testing

/// What a session is fed may come from outside.
@Suite struct SessionTests {
  /// The features that go into the first layer count, whatever stands behind it.
  @Test func wrongFeatureCount() throws {
    var generator = RandomGenerator(seed: 1)
    let model = Sequential {
      Sequential {
        EachStep(Dense(inputSize: 2, outputSize: 5, using: &generator))
        SkipConnection(around: AnyLayer(GRU(inputSize: 5, hiddenSize: 5, using: &generator)))
      }
      LSTM(inputSize: 5, hiddenSize: 3, using: &generator)
    }
    #expect(model.featureCount == 2)
    var session = Session(model)
    _ = try session.step([1, 2])
    let before = session.state.tensors.map(\.elements)
    for wrong: [Float] in [[], [1], [1, 2, 3, 4, 5]] {
      let error = try dataError { _ = try session.step(wrong, from: "request 7") }
      #expect(
        error.description == "request 7: found a step of \(wrong.count) features, expected 2.")
    }
    #expect(session.state.tensors.map(\.elements) == before)
    #expect(try session.step([1, 2]).values.shape == [1, 1, 3])
  }

  /// A layer that takes any number says nothing.
  @Test func anyFeatureCount() throws {
    var session = Session(EachStep(Dropout(rate: 0.5)))
    #expect(try session.step([1, 2]).values.elements == [1, 2])
    #expect(try session.step([1, 2, 3]).values.elements == [1, 2, 3])
  }
}
