extension Module {
  /// The parameters, then the statistics, as they stand in a weights file, in visiting order.
  public var storedTensors: [(name: String, tensor: StoredTensor)] {
    (parameters + statistics).map {
      ($0.name, StoredTensor(shape: $0.tensor.shape, values: $0.tensor.elements))
    }
  }

  /// Takes every parameter and statistic from a weights file.
  ///
  /// - Throws: ``DataError`` if one is missing, has another shape, is not stored as floats, or is
  ///   not finite, or if the file has others. The module is then unchanged.
  public mutating func load(from file: SafetensorsFile) throws(DataError) {
    let expected = parameters + statistics
    try file.requireTensors(expected.map { ($0.name, $0.tensor.shape) }, of: "the model")
    var loaded: [Tensor] = []
    for (name, _) in expected {
      let stored = try file.floats(name)
      if let bad = stored.values.firstIndex(where: { !$0.isFinite }) {
        throw DataError(
          file: file.source, place: "tensor \"\(name)\"",
          problem: "element \(bad) is \(stored.values[bad]), expected finite numbers",
          advice: "The file is damaged, or its training ran away; train again")
      }
      loaded.append(Tensor(stored.values, shape: stored.shape))
    }
    var index = 0
    let take = { (_: String, tensor: inout Tensor) in
      tensor = loaded[index]
      index += 1
    }
    updateParameters(take)
    updateStatistics(take)
  }
}
