import Foundation
import Recurrent
import RecurrentONNX
import TestSupport
import Testing

/// Models that other systems wrote, with inputs and what ONNX Runtime gave for them: those in the
/// folder that `RECURRENT_ONNX` names.
///
/// Somewhere below it each case is a folder with `model.onnx` and either `data.npz` (`in_NAME` and
/// `out_NAME`) or `calls.npz` (`0.in.NAME`, `0.out.NAME`, `1.in.NAME` …).
enum OnnxFolder {
  static let path = ProcessInfo.processInfo.environment["RECURRENT_ONNX"].flatMap {
    $0.isEmpty ? nil : $0
  }

  /// The folders of cases, as their paths below the folder, sorted.
  static let cases: [String] = {
    guard let path, let files = FileManager.default.enumerator(atPath: path) else { return [] }
    return files.compactMap { $0 as? String }.filter { $0.hasSuffix("model.onnx") }
      .map { String($0.dropLast("/model.onnx".count)) }.sorted()
  }()

  /// An array of a case as a value of a graph.
  static func value(_ file: NumPyFile, _ name: String) throws -> OnnxTensor {
    do {
      let stored = try file.floats(name)
      return OnnxTensor(Tensor(stored.values, shape: stored.shape))
    } catch {
      let stored = try file.integers(name)
      return OnnxTensor(integers: stored.values, shape: stored.shape)
    }
  }
}

@Suite struct FolderTests {
  @Test(
    .enabled(if: OnnxFolder.path != nil, "set RECURRENT_ONNX to a folder of ONNX models"),
    arguments: OnnxFolder.cases)
  func givesWhatONNXRuntimeGave(_ name: String) throws {
    let folder = "\(try #require(OnnxFolder.path))/\(name)"
    let model = try OnnxModel(file: folder + "/model.onnx")
    var compared = 0
    for data in ["data.npz", "standard.npz", "calls.npz"] {
      guard FileManager.default.fileExists(atPath: "\(folder)/\(data)") else { continue }
      let file = try NumPyFile(path: "\(folder)/\(data)")
      let isCalls = data == "calls.npz"
      let calls = isCalls ? Set(file.names.compactMap { $0.split(separator: ".").first }) : [""]
      for call in calls.sorted() {
        let (given, expected) = isCalls ? ("\(call).in.", "\(call).out.") : ("in_", "out_")
        var inputs: [String: OnnxTensor] = [:]
        for port in model.inputs {
          let own = given + port.name
          inputs[port.name] = try OnnxFolder.value(
            file, file.names.contains(own) ? own : port.name)
        }
        let outputs = try model.again(inputs)
        for name in file.names where name.hasPrefix(expected) {
          let output = String(name.dropFirst(expected.count))
          let found = try #require(outputs[output], "no output \(output)")
          let wanted = try OnnxFolder.value(file, name)
          expectClose(
            found.floats, shape: found.shape, to: wanted.floats, shape: wanted.shape, within: 1e-5,
            "\(data) \(name)")
          compared += 1
        }
      }
    }
    #expect(compared > 0, "\(name) has nothing to compare")
  }

  @Test(.enabled(if: OnnxFolder.path != nil, "set RECURRENT_ONNX to a folder of ONNX models"))
  func theFolderHasCases() { #expect(!OnnxFolder.cases.isEmpty) }

  /// What a session gives piece after piece beside what the model gives at once, for the published
  /// models that the folder may hold.
  @Test(
    .enabled(if: OnnxFolder.path != nil, "set RECURRENT_ONNX to a folder of ONNX models"),
    arguments: [
      ("real/silero_sequence", "input", "speech_probs", 0, 0),
      ("real/nsnet2_16k", "input", "output", 1, 1),
    ])
  func streamsAsItRunsAtOnce(
    _ name: String, input: String, output: String, along axis: Int, ofOutput outputAxis: Int
  ) throws {
    let folder = "\(try #require(OnnxFolder.path))/\(name)"
    guard FileManager.default.fileExists(atPath: folder) else { return }
    let model = try OnnxModel(file: folder + "/model.onnx")
    let calls = try NumPyFile(path: folder + "/calls.npz")
    let given = try #require(try OnnxFolder.value(calls, "0.in.\(input)").tensor)
    var session = try OnnxSession(model)
    var parts: [Tensor] = []
    for start in stride(from: 0, to: given.shape[axis], by: 7) {
      let piece = given.slice(start..<min(start + 7, given.shape[axis]), along: axis)
      let outputs = try session.step([input: OnnxTensor(piece)])
      parts.append(try #require(outputs[output]?.tensor))
    }
    let found = Tensor.concatenated(parts, along: outputAxis)
    let wanted = try OnnxFolder.value(calls, "0.out.\(output)")
    expectClose(
      found.elements, shape: found.shape, to: wanted.floats, shape: wanted.shape, within: 1e-5)
  }

  /// DTLN's and Silero's frames one by one, each with the state that the one before left.
  @Test(
    .enabled(if: OnnxFolder.path != nil, "set RECURRENT_ONNX to a folder of ONNX models"),
    arguments: [
      ("real/dtln_1", "input_2", "input_3", "activation_2"),
      ("real/silero_openvino", "input", "state", "output"),
    ])
  func framesFollowOneAnother(
    _ name: String, input: String, state: String, output: String
  ) throws {
    let folder = "\(try #require(OnnxFolder.path))/\(name)"
    guard FileManager.default.fileExists(atPath: folder) else { return }
    let calls = try NumPyFile(path: folder + "/calls.npz")
    var session = try OnnxSession(OnnxModel(file: folder + "/model.onnx"))
    #expect(session.inputs.map(\.name) == [input])
    var (found, wanted, call): ([Float], [Float], Int) = ([], [], 0)
    while calls.names.contains("\(call).in.\(input)") {
      let expected = try OnnxFolder.value(calls, "\(call).in.\(state)")
      let carried = try #require(session.state[state])
      expectClose(
        carried.elements, shape: carried.shape, to: expected.floats, shape: expected.shape,
        within: 1e-5, "state before frame \(call)")
      let outputs = try session.step([input: try OnnxFolder.value(calls, "\(call).in.\(input)")])
      found += try #require(outputs[output]).floats
      wanted += try OnnxFolder.value(calls, "\(call).out.\(output)").floats
      call += 1
    }
    #expect(call > 1)
    expectClose(
      found, shape: [found.count], to: wanted, shape: [wanted.count], within: 1e-5, output)
  }
}
