import RecurrentFiles

extension LayerState {
  /// Writes the tensors to a safetensors file, named by position: whole or not at all. A stream
  /// goes on from it elsewhere, to the bit.
  ///
  /// - Throws: ``DataError`` if the file cannot be written.
  public func save(to path: String) throws(DataError) {
    let stored = tensors.enumerated().map { index, tensor in
      (name: "\(index)", tensor: StoredTensor(shape: tensor.shape, values: tensor.elements))
    }
    try SafetensorsFile.write(stored, to: path)
  }

  /// Takes the tensors from a file that ``save(to:)`` wrote of a state of the same layer and batch
  /// size.
  ///
  /// - Throws: ``DataError`` if the file is damaged or its tensors are others. The state is then
  ///   unchanged.
  public mutating func load(from path: String) throws(DataError) {
    let file = try SafetensorsFile(path: path)
    try file.requireTensors(
      tensors.enumerated().map { ("\($0)", $1.shape) }, of: "this layer's state")
    var loaded: [Tensor] = []
    for index in tensors.indices { loaded.append(try file.finiteTensor("\(index)")) }
    tensors = loaded
  }
}

extension SafetensorsFile {
  /// A tensor of floating-point numbers.
  ///
  /// - Throws: ``DataError`` if there is none of that name, or it is not finite.
  func finiteTensor(_ name: String) throws(DataError) -> Tensor {
    let stored = try floats(name)
    if let bad = stored.values.firstIndex(where: { !$0.isFinite }) {
      throw DataError(
        file: source, place: "tensor \"\(name)\"",
        problem: "element \(bad) is \(stored.values[bad]), expected finite numbers",
        advice: "The file is damaged, or its training ran away; train again")
    }
    return Tensor(stored)
  }
}

extension Tensor {
  /// A tensor of what a file holds.
  init(_ stored: StoredTensor) {
    self.init(stored.values, shape: stored.shape, grid: stored.grid)
  }
}

extension StoredTensor {
  /// A tensor as a file holds it.
  init(_ tensor: Tensor) {
    self.init(shape: tensor.shape, values: tensor.elements, grid: tensor.grid)
  }
}
