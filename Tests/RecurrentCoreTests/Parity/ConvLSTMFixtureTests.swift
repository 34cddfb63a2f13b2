import Recurrent
import TestSupport
import Testing

/// ``ConvLSTM`` gives what Keras's ConvLSTM1D and ConvLSTM2D give.
@Suite struct ConvLSTMFixtureTests {
  @Test(arguments: try Fixtures.cases(of: "keras_conv"))
  func matchesKeras(_ reference: FixtureCase) throws {
    func sizes(_ key: String) throws -> [Int] {
      try #require(reference.config[key]?.array).map { try #require($0.int) }
    }
    func tensor(_ name: String, _ shape: [Int]) throws -> Tensor {
      Tensor(try reference.floats(name).values, shape: shape)
    }
    let (grid, kernel) = (try sizes("grid"), try sizes("kernel"))
    let filters = try #require(reference.config["filters"]?.int)
    let channels = try #require(reference.config["channels"]?.int)
    let input = try reference.floats("input")
    let (batch, time) = (input.shape[0], input.shape[1])
    let places = grid.reduce(1, *)

    let layer = ConvLSTM(
      inputWeights: try tensor("kernel", [kernel.reduce(channels, *), 4 * filters]),
      recurrentWeights: try tensor(
        "recurrent_kernel", [kernel.reduce(filters, *), 4 * filters]),
      bias: try tensor("bias", [4 * filters]), grid: grid, kernelSize: kernel)
    let lengths = try reference.file.integers("lengths").values.map(Int.init)
    let frames = SequenceBatch(
      Tensor(input.values, shape: [batch, time, input.values.count / (batch * time)]),
      lengths: lengths)
    var state = layer.initialState(batchSize: batch)
    let output = layer(frames, state: &state)

    func expect(_ found: Tensor, _ name: String, _ shape: [Int]) throws {
      let expected = try reference.floats(name)
      #expect(expected.shape == shape)
      expectClose(
        found.elements, shape: [found.count], to: expected.values, shape: [found.count],
        within: 1e-6, name)
    }
    #expect(output.values.shape == [batch, time, places * filters])
    try expect(output.values, "output", [batch, time] + grid + [filters])
    try expect(state.hidden, "state.0", [batch] + grid + [filters])
    try expect(state.cell, "state.1", [batch] + grid + [filters])
  }
}
