import ArgumentParser
import Recurrent
import RecurrentCore
import RecurrentFiles
import RecurrentTasks

/// Which tensors of a checkpoint are meant.
struct PartOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Of a checkpoint the part that is the model. (default: state_dict and the like)",
      valueName: "name"))
  var part: String?
}

/// `recurrent convert IN OUT`
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model or its weights for another system.",
    usage: "recurrent convert [<options>] <in> [<out>]",
    discussion: flowing(
      """
      A model folder becomes an ONNX file, which ONNX Runtime and others run: the
      network, for any batch and any length, with what stands around it (scales,
      vocabularies) as metadata (of a translator two files, an encoder and a step of
      the decoder), or an .npz of its weights under their own names,
      which np.load reads. Weights of PyTorch, safetensors or NumPy become
      safetensors or .npz, as the ending of the new file says or --to.

      Examples:
        recurrent convert model --to onnx
        recurrent convert model forecaster.onnx
        recurrent convert generator --to onnx --with-state
        recurrent convert model --to npz
        recurrent convert checkpoint.pt weights.safetensors
      """))

  /// What can be written.
  enum Target: String, CaseIterable, ExpressibleByArgument {
    case onnx, safetensors, npz
  }

  @Argument(help: "A model folder, or a file of weights.", completion: .file()) var input: String
  @Argument(
    help: ArgumentHelp(
      "The new file. (default: <in> with another ending)", valueName: "out"), completion: .file())
  var output: String?
  @Option(help: "What to write. (default: as the new file's ending says)") var to: Target?
  @Flag(
    help: ArgumentHelp(
      "Of a generator or composer: the state of its layers is given and comes back, so that a sequence can come in pieces."
    )) var withState = false
  @OptionGroup var checkpoint: PartOption
  @OptionGroup var answer: JSONFlag

  func validate() throws {
    if to == nil, output.flatMap(Self.target) == nil {
      throw ValidationError(
        "Say what to write: --to onnx, --to safetensors or --to npz, or a new file of that ending.")
    }
  }

  private static func target(_ path: String) -> Target? {
    Target.allCases.first { path.hasSuffix("." + $0.rawValue) }
  }

  mutating func run() throws {
    guard let target = to ?? output.flatMap(Self.target) else { return }
    let name = splitPath(input)
    let path =
      output ?? (name.folder == "." ? "" : name.folder + "/") + stem(name.name)
      + ".\(target.rawValue)"
    guard !withState || target == .onnx else {
      throw ValidationError("--with-state belongs to --to onnx.")
    }
    guard path != input else {
      throw ValidationError("The new file is another than the one that is read.")
    }
    if case .file = try fileKindOrMissing(input) {
      try convertWeights(of: input, to: path, target)
    } else {
      let job = try Jobs.ofModel(in: input)
      switch target {
      case .onnx: return try writeGraphs(try job.onnx(of: input, withState: withState), to: path)
      case .npz: try convertWeights(of: input + "/" + ModelFolder.weightsFile, to: path, .npz)
      case .safetensors:
        throw ValidationError(
          "The weights of a model folder stand in it as \(ModelFolder.weightsFile) already.")
      }
    }
    try report([("output", path)], target)
  }

  /// Writes graphs by part; one without a name to the path as it is.
  private func writeGraphs(_ graphs: [(part: String, bytes: [UInt8])], to path: String) throws {
    let ending = "." + Target.onnx.rawValue
    let start = path.hasSuffix(ending) ? String(path.dropLast(ending.count)) : path
    var written: [(key: String, path: String)] = []
    for (part, bytes) in graphs {
      let path = part.isEmpty ? path : "\(start).\(part)\(ending)"
      try writeAtomically(bytes, to: path)
      written.append((part.isEmpty ? "output" : part, path))
    }
    try report(written, .onnx)
  }

  private func report(_ written: [(key: String, path: String)], _ target: Target) throws {
    if answer.json {
      let told = Dictionary(uniqueKeysWithValues: written.map { ($0.key, $0.path) })
      return print(
        try jsonText(told.merging(["input": input, "format": target.rawValue]) { $1 }))
    }
    for (_, path) in written { print("Wrote \(path)") }
  }

  private func fileKindOrMissing(_ path: String) throws(DataError) -> FileKind {
    do throws(SystemError) {
      return try fileKind(path)
    } catch {
      throw DataError(
        error.isMissing ? .missingFile : .invalid, file: path, problem: systemProblem(error.number))
    }
  }

  private func stem(_ name: String) -> String {
    name.lastIndex(of: ".").map { $0 > name.startIndex ? String(name[..<$0]) : name } ?? name
  }

  private func convertWeights(of input: String, to path: String, _ target: Target) throws {
    guard target != .onnx else {
      throw ValidationError(
        "Weights alone are no graph; ONNX is written of model folders.")
    }
    let weights = try InspectedFile(input, part: checkpoint.part)
    if weights.kind.hasPrefix("ONNX") {
      throw DataError(file: input, problem: "is a graph, expected a file of weights")
    }
    let (tensors, left) = try WeightFile.tensors(of: input, part: checkpoint.part)
    if let part = weights.part { note("Taken: what begins with \(part). --part takes another.") }
    if !left.isEmpty { note("Left out, as no floating-point numbers: \(listed(left)).") }
    if target == .npz {
      try NumPyFile.write(tensors, to: path)
    } else {
      try SafetensorsFile.write(tensors, to: path)
    }
  }
}

extension JobCommand {
  /// The model's graphs by part: one without a name; of a translator an encoder and a decoder.
  static func onnx(
    of folder: String, withState: Bool
  ) throws(DataError) -> [(part: String, bytes: [UInt8])] {
    let job = try Trained(contentsOf: folder)
    do throws(DataError) {
      if let translator = job as? Translator {
        guard !withState else {
          throw DataError(
            .unwritable, file: "ONNX",
            problem: "a translator's decoder is one step and has its state without --with-state")
        }
        return [
          ("encoder", try translator.onnxEncoder()), ("decoder", try translator.onnxDecoder()),
        ]
      }
      return [("", try job.onnx(withState: withState))]
    } catch {
      guard error.file == "ONNX" else { throw error }
      throw DataError(.unwritable, file: folder, problem: error.problem, advice: error.advice)
    }
  }
}
