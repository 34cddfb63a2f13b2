import InferenceProtocol
import Recurrent

/// A state as a file of its own: safetensors, with the model's name and the steps in its metadata.
public enum StateArchive {
  /// The bytes of a state.
  public static func encode(_ state: SavedState, model: String) -> [UInt8] {
    var floats: [(name: String, tensor: StoredTensor)] = []
    var integers: [(name: String, tensor: StoredIntegers)] = []
    for (name, tensor) in state.tensors {
      switch tensor.elements {
      case .floats(let values):
        floats.append((name, StoredTensor(shape: tensor.shape, values: values)))
      case .integers(let values):
        integers.append((name, StoredIntegers(shape: tensor.shape, values: values)))
      case .doubles, .bytes: continue
      }
    }
    return SafetensorsFile.encode(
      floats, integers: integers, metadata: ["model": model, "steps": "\(state.steps)"])
  }

  /// The state in `bytes`.
  ///
  /// - Throws: ``RequestError`` if they are none.
  public static func decode(_ bytes: [UInt8]) throws(RequestError) -> SavedState {
    try asked { () throws(DataError) in
      let file = try SafetensorsFile(bytes: bytes, source: "state")
      guard let steps = file.metadata["steps"].flatMap({ Int($0) }), steps >= 0 else {
        throw DataError(
          file: "state", problem: "its metadata does not tell the steps",
          advice: "Send what the address gave out")
      }
      var tensors: [(name: String, tensor: WireTensor)] = []
      for name in file.names {
        if file.elementType(of: name) == .i64 {
          let stored = try file.integers(name)
          tensors.append(
            (name, WireTensor(name, .int64, stored.shape, .integers(stored.values))))
        } else {
          let stored = try file.floats(name)
          tensors.append((name, WireTensor(name, floats: stored.values, shape: stored.shape)))
        }
      }
      return SavedState(steps: steps, tensors: tensors)
    }
  }
}
