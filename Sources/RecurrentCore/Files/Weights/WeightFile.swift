import RecurrentFiles

/// A file of weights in any of the formats that are read.
package enum WeightFile {
  /// The tensors of floating-point numbers, in the order of the file, and the names of the others.
  ///
  /// - Parameter part: of a checkpoint the part that is the model.
  package static func tensors(
    of path: String, part: String?
  ) throws(DataError) -> (tensors: [(name: String, tensor: StoredTensor)], others: [String]) {
    let bytes = try readFile(path)
    let file = try open(bytes, source: path, part: part)
    var (tensors, others): ([(name: String, tensor: StoredTensor)], [String]) = ([], [])
    for name in file.names {
      if isFloat(file, name) {
        tensors.append((name, try file.exactFloats(name)))
      } else {
        others.append(name)
      }
    }
    return (tensors, others)
  }

  /// What a file is its first bytes tell, whatever its name.
  static func open(
    _ bytes: [UInt8], source: String, part: String?
  ) throws(DataError) -> any TensorFile {
    switch WeightContainer.kind(bytes) {
    case .pytorch: try PyTorchFile(bytes: bytes, source: source, part: part)
    case .numpy: try NumPyFile(bytes: bytes, source: source)
    case nil: try SafetensorsFile(bytes: bytes, source: source)
    }
  }

  private static func isFloat(_ file: any TensorFile, _ name: String) -> Bool {
    switch file {
    case let file as PyTorchFile: file.elementType(of: name)?.contains("float") ?? false
    case let file as NumPyFile: file.elementType(of: name)?.hasPrefix("float") ?? false
    case let file as SafetensorsFile:
      [.f32, .f64, .f16, .bf16].contains(file.elementType(of: name))
        || file.elementType(of: name) == .i8 && file.shape(of: name + ".scale") != nil
    default: true
    }
  }
}
