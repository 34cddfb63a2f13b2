import RecurrentFiles

extension KerasWeights {
  /// Adds the layers of a recurrent layer or stack: a ``Bidirectional``'s forward one first.
  ///
  /// - Throws: ``DataError`` if Keras has no such layer: one with peepholes, a projection, coupled
  ///   gates, zoneout or a clip, or one that is not recurrent.
  public mutating func add(_ layer: any Layer<SequenceBatch, SequenceBatch>) throws(DataError) {
    guard let layers = WeightFormat.layers(of: layer) else {
      throw refused("is a \(type(of: layer)), expected LSTM, GRU, SimpleRNN or made of them", nil)
    }
    for direction in layers.flatMap({ [$0.forward] + ($0.backward.map { [$0] } ?? []) }) {
      let theirs: WeightFormat.Tensors
      do throws(WeightFormat.Refusal) {
        theirs = try WeightFormat.keras.tensors(direction)
      } catch {
        throw refused(error.problem, error.advice)
      }
      append("kernel", theirs.input)
      append("recurrent_kernel", theirs.recurrent)
      for bias in theirs.biases { append("bias", bias) }
    }
  }

  private func refused(_ problem: String, _ advice: String?) -> DataError {
    DataError(
      .unwritable, file: tensors.source, place: "the layer at array \(order.count)",
      problem: problem, advice: advice)
  }

  /// Writes all arrays, whole or not at all: by the ending of `path` to a `.npz` file, with the
  /// names `arr_0`, `arr_1` …, or to a `.safetensors` file.
  ///
  /// - Throws: ``DataError`` if the file cannot be written or its name has another ending.
  public func write(to path: String) throws(DataError) {
    let arrays = try tensors.all()
    if path.hasSuffix(".npz") {
      let places = Dictionary(uniqueKeysWithValues: zip(order, 0...))
      try NumPyFile.write(arrays.map { ("arr_\(places[$0.name] ?? 0)", $0.tensor) }, to: path)
    } else if path.hasSuffix(".safetensors") {
      try SafetensorsFile.write(arrays, to: path)
    } else {
      throw DataError(
        .unwritable, file: path, problem: "expected a name that ends in .npz or .safetensors")
    }
  }
}
