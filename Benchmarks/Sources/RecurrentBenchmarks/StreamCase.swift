import Recurrent

/// One sample after the other through a small network: one number in, a recurrent layer, one number
/// out. `Benchmarks/peers/rtneural.cpp` times the same.
struct StreamCase {
  /// The sizes of such networks in audio.
  static let sizes = [8, 16, 20, 40, 64, 128]

  let cell: CellKind
  let units: Int

  /// A sample through a ``ModelStream``, and through a ``Session``, which makes a tensor of each.
  func measured(budget: Double) throws -> [Measurement] {
    var generator = RandomGenerator(seed: 0)
    let model = Sequential {
      cell.layer(inputSize: 1, hiddenSize: units, using: &generator)
      EachStep(Dense(inputSize: units, outputSize: 1, using: &generator))
    }
    let samples = Initializer.uniform(1)([4096], using: &generator).elements
    var output = samples
    let stream = ModelStream(model)
    let streamed = medianMilliseconds(budget: budget) {
      samples.withUnsafeBufferPointer { samples in
        output.withUnsafeMutableBufferPointer { stream.process(samples, into: $0) }
      }
    }
    var session = Session(model)
    let stepped = try medianMilliseconds(budget: budget) {
      for sample in samples { _ = try session.step([sample]) }
    }
    return [("stream", streamed), ("session", stepped)].map { mode, milliseconds in
      Measurement(
        mode: mode, cell: cell.rawValue, shape: "\(units)", threads: 1,
        milliseconds: milliseconds / Double(samples.count))
    }
  }
}
