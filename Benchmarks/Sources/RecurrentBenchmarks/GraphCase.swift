import Foundation
import Recurrent
import RecurrentONNX

/// A graph of another system at inputs that were recorded with it: a folder with `model.onnx` and `calls.npz`
/// (arrays `0.in.NAME`, `1.in.NAME` …) or `data.npz` (`in_NAME`).
struct GraphCase {
  let folder: String
  /// Whether the first input goes in frame by frame, its state carried on. A frame is one entry of the input's first
  /// dimension of any size that has more than one, or a call where all sizes are fixed.
  let inFrames: Bool

  /// What is timed.
  func body() throws -> () -> Void {
    let model = try OnnxModel(file: folder + "/model.onnx")
    let hasCalls = FileManager.default.fileExists(atPath: folder + "/calls.npz")
    let file = try NumPyFile(path: folder + (hasCalls ? "/calls.npz" : "/data.npz"))
    func inputs(_ prefix: String) throws -> [String: OnnxTensor] {
      try model.inputs.reduce(into: [:]) { inputs, port in
        let own = prefix + port.name
        inputs[port.name] = try value(file, file.names.contains(own) ? own : port.name)
      }
    }
    let first = try inputs(hasCalls ? "0.in." : "in_")
    guard inFrames else { return { _ = try? model(first) } }
    guard let port = model.inputs.first, let given = first[port.name]?.tensor else {
      throw ValidationFailure(message: "\(folder) has no input to cut into frames")
    }
    var frames: [OnnxTensor] = []
    if let axis = given.shape.indices.first(where: { axis in
      given.shape[axis] > 1 && port.shape?[axis] == nil
    }) {
      frames = (0..<given.shape[axis]).map {
        OnnxTensor(given.slice($0..<$0 + 1, along: axis))
      }
    } else {
      while file.names.contains("\(frames.count).in.\(port.name)") {
        frames.append(try value(file, "\(frames.count).in.\(port.name)"))
      }
    }
    guard !frames.isEmpty else { throw ValidationFailure(message: "\(folder) has no frames") }
    var (session, next) = (try OnnxSession(model), 0)
    return {
      _ = try? session.step([port.name: frames[next % frames.count]])
      next += 1
    }
  }

  private func value(_ file: NumPyFile, _ name: String) throws -> OnnxTensor {
    if let stored = try? file.floats(name) {
      return OnnxTensor(Tensor(stored.values, shape: stored.shape))
    }
    let stored = try file.integers(name)
    return OnnxTensor(integers: stored.values, shape: stored.shape)
  }
}
