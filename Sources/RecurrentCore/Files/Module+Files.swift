import RecurrentFiles

extension Module {
  /// The parameters, then the statistics, as they stand in a weights file, in visiting order;
  /// weights that are rounded (``rounded(to:)``) in as few bytes as they need.
  public var storedTensors: [(name: String, tensor: StoredTensor)] {
    (parameters + statistics).map { ($0.name, StoredTensor($0.tensor)) }
  }

  /// Writes all parameters and statistics to a safetensors file: whole or not at all.
  ///
  /// - Throws: ``DataError`` if the file cannot be written.
  public func save(to path: String) throws(DataError) {
    try SafetensorsFile.write(storedTensors, to: path)
  }

  /// Takes every parameter and statistic from a file that ``save(to:)`` wrote.
  ///
  /// - Throws: ``DataError`` as ``load(from:of:)``.
  public mutating func load(from path: String) throws(DataError) {
    try load(from: SafetensorsFile(path: path))
  }

  /// Takes every parameter and statistic from a weights file.
  ///
  /// A model built for its shapes alone (``ShapesOnly``) draws no numbers that the file replaces, and
  /// takes no memory before its names and shapes are found to be those of the file.
  ///
  /// - Parameters:
  ///   - file: The weights.
  ///   - model: What the model is called in messages.
  /// - Throws: ``DataError`` if one is missing, has another shape, is not stored as floats, or is
  ///   not finite, or if the file has others. The module is then unchanged.
  public mutating func load(
    from file: SafetensorsFile, of model: String = "the model"
  ) throws(DataError) {
    try load(from: file, of: model) { _ in true }
  }

  /// As ``load(from:of:)``, but only the tensors whose name `isFinite` is true of must be finite.
  mutating func load(
    from file: SafetensorsFile, of model: String, isFinite: (String) -> Bool
  ) throws(DataError) {
    let expected = (parameters + statistics).map { ($0.name, $0.tensor.shape) }
    try file.requireTensors(expected, of: model)
    var loaded: [Tensor] = []
    for (name, _) in expected {
      loaded.append(try isFinite(name) ? file.finiteTensor(name) : Tensor(file.floats(name)))
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
