import Recurrent
import Synchronization
import Testing

extension LayerChecker {
  /// Every stored tensor is visited, under a name of its own, and can be saved and loaded.
  func checkParameters() {
    let names = layer.parameters.map(\.name)
    expect(Set(names).count == names.count, "names that are not unique: \(names)")
    expect(!names.contains { $0.isEmpty || $0.hasSuffix(".") }, "a parameter has no name: \(names)")

    var stored = storedTensors(in: layer)
    for (name, parameter) in layer.parameters + layer.statistics {
      let place = stored.firstIndex { $0.isIdentical(to: parameter) }
      if let place {
        stored.remove(at: place)
      } else {
        expect(false, "\(name) is visited, but it is no stored tensor or visited twice")
      }
    }
    expect(
      stored.isEmpty, "stored tensors that nobody visits, of shapes \(stored.map(\.shape))")

    let saved = Dictionary(
      layer.parameters.map { ($0, StoredTensor(shape: $1.shape, values: $1.elements)) },
      uniquingKeysWith: { first, _ in first })
    var loaded = layer
    loaded.updateParameters { $1 = .zeros($1.shape) }
    let input = self.input(lengths: lengths)
    if !saved.isEmpty {
      expect(
        !loaded(input).tensor.isIdentical(to: layer(input).tensor), "parameters change no output")
    }
    loaded.updateParameters { name, parameter in
      if let tensor = saved[name] { parameter = Tensor(tensor.values, shape: tensor.shape) }
    }
    expectSame([loaded(input).tensor], [layer(input).tensor], "loaded parameters")
  }

  /// All tensors that `value` stores, however deep.
  private func storedTensors(in value: Any) -> [Tensor] {
    if let tensor = value as? Tensor { return [tensor] }
    return Mirror(reflecting: value).children.flatMap { storedTensors(in: $0.value) }
  }
}

/// Calls `body` on so many threads, which share work however small it is.
package func withThreads<Result, Failure: Error>(
  _ count: Int, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
  try ExecutionContext(threads: count, thresholds: .none).run(body)
}
