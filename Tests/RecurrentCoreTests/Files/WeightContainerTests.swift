import Foundation
import Recurrent
import TestSupport
import Testing

/// Files of other formats given to the readers of weights: named, with what reads them.
@Suite struct WeightContainerTests {
  /// How each begins, or what the list at its end names.
  @Test(
    arguments: [
      ("PK\u{3}\u{4}…archive/data.pkl…", "a file of torch.save", "PyTorchWeights(file:)"),
      (
        "PK\u{3}\u{4}…m/code/x.py…m/constants.pkl…m/data.pkl", "a TorchScript archive",
        "PyTorchFile(path:)"
      ),
      ("PK\u{3}\u{4}…config.json…model.weights.h5…", "a Keras model", "Scripts/keras-to-saf"),
      ("PK\u{3}\u{4}…arr_0.npy…", "an archive of np.savez", "NumPyFile(path:) reads it"),
      ("PK\u{3}\u{4}…readme.txt…", "a zip archive", "Unpack it"),
      ("GGUF\u{3}\0\0\0…", "a GGUF file", "safetensors instead"),
      ("\u{8}\u{7}\u{12}\u{7}pytorch\u{1A}…", "an ONNX model", "OnnxModel(file:)"),
      ("\u{8}\u{E}:\u{16}\u{12}\u{1}g*…", "an ONNX model", "recurrent run"),
      ("\u{1C}\0\0\0TFL3…", "a TensorFlow Lite model", "made of"),
      ("version https://git-lfs.github.com/spec/v1\noid", "a pointer of Git LFS", "git lfs"),
      ("\n<!DOCTYPE html>\n<html>…", "an HTML page", "download the file itself"),
      ("{\"weight_map\": {}}", "a text in JSON", "read the files it names"),
    ])
  func texts(_ text: String, _ name: String, _ advice: String) throws {
    try check(Array(text.utf8), name, advice)
  }

  @Test(
    arguments: [
      ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], "an HDF5 file", "save it as .keras"),
      ([0x80, 0x04, 0x95, 0x10], "a pickle of Python", "if you trust who wrote it"),
      (
        [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20], "a file of torch.save",
        "PyTorchWeights(file:)"
      ),
      ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0], "an array of np.save", "NumPyFile(path:)"),
    ] as [([UInt8], String, String)])
  func bytes(_ bytes: [UInt8], _ name: String, _ advice: String) throws {
    try check(bytes, name, advice)
  }

  private func check(_ bytes: [UInt8], _ name: String, _ advice: String) throws {
    let bytes = bytes + [UInt8](repeating: 7, count: 40)
    let error = try #require(throws: DataError.self) {
      try SafetensorsFile(bytes: bytes, source: "w.bin")
    }
    #expect(error.problem == "found \(name), expected a safetensors file", "\(error)")
    #expect(error.advice?.contains(advice) == true, "\(error)")
    // The reader of NumPy's files says the same of those that are not NumPy's.
    if !["an archive of np.savez", "an array of np.save", "a zip archive"].contains(name) {
      let other = try #require(throws: DataError.self) {
        try NumPyFile(bytes: bytes, source: "w.bin")
      }
      #expect(other.problem == "found \(name), expected a .npy or .npz file", "\(other)")
    }
  }

  /// A header that happens to begin so is read as what it is.
  @Test func soundFilesAreSound() throws {
    for length in [0x0780, 0x0408] {
      let text = "{" + String(repeating: " ", count: length - 2) + "}"
      let bytes = (0..<8).map { UInt8(length >> (8 * $0) & 255) } + Array(text.utf8)
      #expect(try SafetensorsFile(bytes: bytes, source: "sound").names.isEmpty)
      let error = try #require(throws: DataError.self) {
        try NumPyFile(bytes: bytes, source: "sound")
      }
      #expect(error.problem.hasPrefix("found a safetensors file"), "\(error)")
    }
  }
}
