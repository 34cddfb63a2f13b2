import RecurrentFiles

/// Files that people take for weights of another format, told by their first bytes whatever their names
/// say, and what reads each.
package enum WeightContainer {
  private static let savez = "an archive of np.savez"
  private static let zip = "a zip archive"

  /// Formats of weights that are read beside safetensors.
  package enum Kind {
    /// Of `torch.save` or `torch.jit.save`.
    case pytorch
    /// `.npz` or `.npy`.
    case numpy
  }

  /// The kind of container that a file's bytes are; nil: none of these.
  package static func kind(_ bytes: [UInt8]) -> Kind? {
    if PyTorchContents.isLegacy(bytes) { return .pytorch }
    if bytes.starts(with: NumPyArray.magic) { return .numpy }
    guard bytes.starts(with: [0x50, 0x4B, 3, 4]) else { return nil }
    let end = bytes.suffix(1 << 18)
    return end.contains(Array("data.pkl".utf8))
      ? .pytorch : end.contains(Array(".npy".utf8)) ? .numpy : nil
  }

  /// What a file is, if it is one of these; nil for any other, sound or damaged.
  package static func known(_ bytes: [UInt8]) -> (name: String, advice: String)? {
    func has(_ text: String, at offset: Int = 0) -> Bool {
      bytes.dropFirst(offset).starts(with: text.utf8)
    }
    // The list at a zip archive's end has the names of its entries as plain text.
    func lists(_ name: String) -> Bool { bytes.suffix(1 << 18).contains(Array(name.utf8)) }
    if has("PK\u{3}\u{4}") {
      if lists("constants.pkl") {
        return ("a TorchScript archive", pytorch)
      }
      if lists("data.pkl") {
        return ("a file of torch.save", pytorch)
      }
      if lists("model.weights.h5") { return ("a Keras model", keras) }
      if lists(".npy") {
        return (savez, "NumPyFile(path:) reads it; KerasWeights(file:) what get_weights() gave")
      }
      return (zip, "Unpack it and name the file of weights in it")
    }
    if bytes.starts(with: NumPyArray.magic) {
      return ("an array of np.save", "NumPyFile(path:) reads it")
    }
    if bytes.starts(with: [0x89, 0x48, 0x44, 0x46]) { return ("an HDF5 file", keras) }
    // torch.save before PyTorch 1.6: a pickle of the number 0x1950a86a20f9469cfc6c comes first.
    if bytes.dropFirst(2).starts(with: [0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9]) {
      return ("a file of torch.save", pytorch)
    }
    if bytes.count > 2, bytes[0] == 0x80, (2...5).contains(bytes[1]) {
      return (
        "a pickle of Python",
        "Load it in Python, if you trust who wrote it, and write its arrays with np.savez or "
          + "safetensors.numpy.save_file"
      )
    }
    if has("GGUF") {
      return (
        "a GGUF file",
        "Take the model's safetensors instead, or its tensors by gguf.GGUFReader in Python"
      )
    }
    if has("TFL3", at: 4) { return ("a TensorFlow Lite model", "Take the model it was made of") }
    if has("version https://git-lfs.github.com/spec/") {
      return ("a pointer of Git LFS", "Bring the file itself by git lfs pull in its repository")
    }
    let text = beginning(bytes)
    if text.hasPrefix("<!doctype html") || text.hasPrefix("<html") {
      return (
        "an HTML page", "It is a page about the file or an error; download the file itself"
      )
    }
    if has("{") {
      return (
        "a text in JSON",
        "If it is an index of several files, as model.safetensors.index.json, read the files it names"
      )
    }
    if isONNX(bytes) {
      return (
        "an ONNX model", "OnnxModel(file:) of RecurrentONNX reads it; recurrent run runs it"
      )
    }
    return nil
  }

  /// Throws for one of these.
  ///
  /// - Parameter mayBeNumPy: whether an archive of arrays is what is expected.
  static func check(
    _ bytes: [UInt8], expected: String, mayBeNumPy: Bool = false, source: String
  ) throws(DataError) {
    if mayBeNumPy, bytes.count > 8, bytes[8] == UInt8(ascii: "{"),
      bytes[4..<8].allSatisfy({ $0 == 0 })
    {
      throw DataError(
        file: source, problem: "found a safetensors file, expected \(expected)",
        advice: "SafetensorsFile(path:) reads it")
    }
    guard let (name, advice) = known(bytes), !mayBeNumPy || name != savez && name != zip else {
      return
    }
    throw DataError(
      file: source, problem: "found \(name), expected \(expected)", advice: advice)
  }

  private static let keras =
    "KerasWeights(hdf5:) of RecurrentHDF5, which the package trait HDF5 turns on, reads .keras and the .h5 of "
    + "Keras 2; without it Scripts/keras-to-safetensors writes .keras and .weights.h5 as safetensors; load "
    + "an .h5 of Keras 2 in Keras 3 and save it as .keras first"

  private static let pytorch = "PyTorchWeights(file:) and PyTorchFile(path:) read it"

  /// A protocol buffer whose first members are a small version and the name of the program that
  /// wrote it, or the graph.
  package static func isONNX(_ bytes: [UInt8]) -> Bool {
    guard bytes.count > 4, bytes[0] == 0x08, (1...20).contains(bytes[1]) else { return false }
    if bytes[2] == 0x3A { return true }
    let name = bytes[4...].prefix(Int(bytes[3]))
    return bytes[2] == 0x12 && (1...64).contains(bytes[3])
      && name.allSatisfy { (0x20...0x7E).contains($0) }
  }

  private static func beginning(_ bytes: [UInt8]) -> String {
    let start = bytes.prefix(256).drop { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
    return String(decoding: start, as: UTF8.self).lowercased()
  }
}
