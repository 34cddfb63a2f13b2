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
      vocabularies) as metadata, or an .npz of its weights under their own names,
      which np.load reads. Weights of PyTorch, safetensors or NumPy become
      safetensors or .npz, as the ending of the new file says or --to.

      Examples:
        recurrent convert model --to onnx
        recurrent convert model forecaster.onnx
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
    guard path != input else {
      throw ValidationError("The new file is another than the one that is read.")
    }
    if case .file = try fileKindOrMissing(input) {
      try convertWeights(of: input, to: path, target)
    } else {
      let job = try Jobs.ofModel(in: input)
      switch target {
      case .onnx: try writeAtomically(try job.onnx(of: input), to: path)
      case .npz: try convertWeights(of: input + "/" + ModelFolder.weightsFile, to: path, .npz)
      case .safetensors:
        throw ValidationError(
          "The weights of a model folder stand in it as \(ModelFolder.weightsFile) already.")
      }
    }
    if answer.json {
      return print(try jsonText(["input": input, "output": path, "format": target.rawValue]))
    }
    print("Wrote \(path)")
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
  static func onnx(of folder: String) throws(DataError) -> [UInt8] {
    do throws(DataError) {
      return try Trained(contentsOf: folder).onnx()
    } catch {
      guard error.file == "ONNX" else { throw error }
      throw DataError(.unwritable, file: folder, problem: error.problem, advice: error.advice)
    }
  }
}
