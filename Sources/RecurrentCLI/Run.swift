import ArgumentParser
import Recurrent
import RecurrentFiles
import RecurrentONNX

/// `recurrent run MODEL.onnx`
struct Run: ThreadedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run an ONNX model on arrays of NumPy.",
    usage: "recurrent run [<options>] <model> --input <file> --output <file>",
    discussion: flowing(
      """
      Inputs are .npy files, in the order of the model's inputs or by name as
      NAME=FILE, or one .npz file with an array of each name. Outputs are written
      likewise: .npy files in the order of the model's outputs or by name, or one
      .npz file of all.

      With --state the model goes on where the last run left off: outputs that
      become inputs (state and stateN, h and hn) are kept in that file from run to
      run, or the states of recurrent nodes if there are none such. The first
      run begins with zeros.

      Examples:
        recurrent run model.onnx --input x.npy --output y.npy
        recurrent run model.onnx --input x=x.npy --input h=h.npy --output all.npz
        recurrent run vad.onnx --input frame.npy --output p.npy --state vad.state
      """))

  @Argument(help: "An ONNX file.", completion: .file(extensions: ["onnx"])) var model: String
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("An input, FILE or NAME=FILE; may come several times.", valueName: "file"),
    completion: .file())
  var input: [String] = []
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("An output, FILE or NAME=FILE; may come several times.", valueName: "file"),
    completion: .file())
  var output: [String] = []
  @Option(
    help: ArgumentHelp("Goes on from this file, and keeps the state in it.", valueName: "file"),
    completion: .file())
  var state: String?
  @Option(
    help: ArgumentHelp(
      "With --state: an output that becomes an input; may come several times. (default: by names and shapes)",
      valueName: "output=input"))
  var carry: [String] = []
  @OptionGroup var answer: JSONFlag
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    guard carry.isEmpty || state != nil else {
      throw ValidationError("--carry belongs to --state.")
    }
    for pair in carry where pair.split(separator: "=").count != 2 {
      throw ValidationError("--carry is OUTPUT=INPUT, not \(pair).")
    }
    for path in output.map({ $0.split(separator: "=").last.map(String.init) ?? $0 })
    where !path.hasSuffix(".npy") && !path.hasSuffix(".npz") {
      throw ValidationError("--output is a .npy or .npz file, not \(path).")
    }
  }

  mutating func run() throws {
    let model = try OnnxModel(file: model)
    guard let state else {
      return try write(
        try model(try inputs(model.inputs)), in: model.outputs.map(\.name), of: model)
    }
    let pairs = carry.map { pair in
      let parts = pair.split(separator: "=").map(String.init)
      return (output: parts[0], input: parts[1])
    }
    var session = try OnnxSession(model, carrying: pairs.isEmpty ? nil : pairs)
    switch session.carrying {
    case .ports(let pairs):
      note("Carried on: \(pairs.map { "\($0.output) as \($0.input)" }.joined(separator: ", ")).")
    case .nodes(let count): note("Carried on: the states of \(count) recurrent nodes.")
    }
    if (try? fileKind(state)) != nil {
      let file = try SafetensorsFile(path: state)
      var tensors: [String: Tensor] = [:]
      for name in file.names {
        let stored = try file.floats(name)
        tensors[name] = Tensor(stored.values, shape: stored.shape)
      }
      try session.restore(tensors, source: state)
    }
    let outputs = try session.step(try inputs(session.inputs))
    try write(outputs, in: model.outputs.map(\.name).filter { outputs[$0] != nil }, of: model)
    try SafetensorsFile.write(
      session.state.sorted { $0.key < $1.key }.map {
        ($0.key, StoredTensor(shape: $0.value.shape, values: $0.value.elements))
      }, to: state)
  }

  // MARK: Arrays

  /// What a flag says: a port's name, if it says one, and a path.
  private func parts(_ flag: String, _ names: [String]) -> (name: String?, path: String) {
    for name in names where flag.hasPrefix(name + "=") {
      return (name, String(flag.dropFirst(name.count + 1)))
    }
    return (nil, flag)
  }

  private func inputs(_ ports: [OnnxModel.Port]) throws(DataError) -> [String: OnnxTensor] {
    var values: [String: OnnxTensor] = [:]
    for flag in input {
      let (name, path) = parts(flag, ports.map(\.name))
      let file = try NumPyFile(path: path)
      if path.hasSuffix(".npz"), name == nil {
        for name in file.names { values[name] = try value(file, name) }
        continue
      }
      guard let name = name ?? ports.first(where: { values[$0.name] == nil })?.name,
        let array = file.names.first
      else {
        throw DataError(
          file: path, problem: "is one input more than the model has",
          advice: "It has \(listed(ports.map(\.description)))")
      }
      values[name] = try value(file, array)
    }
    return values
  }

  private func value(_ file: NumPyFile, _ name: String) throws(DataError) -> OnnxTensor {
    if file.elementType(of: name)?.hasPrefix("float") ?? true {
      let stored = try file.floats(name)
      return OnnxTensor(Tensor(stored.values, shape: stored.shape))
    }
    let stored = try file.integers(name)
    return OnnxTensor(integers: stored.values, shape: stored.shape)
  }

  private func write(
    _ values: [String: OnnxTensor], in order: [String], of model: OnnxModel
  ) throws(DataError) {
    func bytes(_ value: OnnxTensor) -> [UInt8] {
      if let tensor = value.tensor {
        return NumPyFile.encode(StoredTensor(shape: tensor.shape, values: tensor.elements))
      }
      return NumPyFile.encode(StoredIntegers(shape: value.shape, values: value.integers ?? []))
    }
    var (rest, lines, written) = (order[...], [String](), [Output]())
    func tell(_ names: [String], in path: String?) {
      for name in names {
        guard let value = values[name] else { continue }
        written.append(
          Output(name: name, type: "\(value.elementType)", shape: value.shape, file: path))
      }
    }
    for flag in output {
      var (name, path) = parts(flag, order)
      if path.hasSuffix(".npz"), name == nil {
        try writeAtomically(
          NumPyFile.archive(order.compactMap { name in values[name].map { (name, bytes($0)) } }),
          to: path)
        lines.append("Wrote \(path): \(order.joined(separator: ", "))")
        tell(order, in: path)
        continue
      }
      if name == nil { name = rest.popFirst() }
      guard let name, let value = values[name] else {
        throw DataError(
          .unwritable, file: path, problem: "is one output more than the model has",
          advice: "It has \(listed(model.outputs.map(\.description)))")
      }
      try writeAtomically(bytes(value), to: path)
      lines.append("Wrote \(path): \(name) \(value.elementType) \(value.shape)")
      tell([name], in: path)
    }
    if output.isEmpty {
      tell(order, in: nil)
      lines = written.map { "\($0.name) \($0.type) \($0.shape)" }
    }
    print(answer.json ? try jsonText(["outputs": written]) : lines.joined(separator: "\n"))
  }

  /// An output of a run and the file it went to, as JSON.
  private struct Output: Encodable {
    let name, type: String
    let shape: [Int]
    let file: String?
  }
}
