import ArgumentParser
import Recurrent
import RecurrentFiles
import RecurrentTasks

/// `recurrent inspect MODEL`
struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what is in a model folder or a file of weights, or what the model costs.",
    usage: "recurrent inspect [<options>] <model> [<data> ...]",
    discussion: flowing(
      """
      With --cost, nothing of the model is run: parameters, operations and
      memory are counted, for a prediction and for a training step, and a time
      is estimated from the speed of our own matrix product, measured now.
      Small networks take longer than that.

      With --gradients and data in a form that training takes, a few examples are sent
      through the network and back: how far gradients reach, what gates and units do.
      Columns and the like are found as recurrent train --from finds them.

      Of an ONNX file the nodes are shown, their weights, and what would not run
      here; of a file of PyTorch (.pt, .pth, .ckpt, .jit), safetensors or NumPy
      its tensors.

      Examples:
        recurrent inspect model
        recurrent inspect model --cost
        recurrent inspect model --cost --batch 256 --steps 1000
        recurrent inspect model prices.csv --gradients
        recurrent inspect silero_vad.onnx
        recurrent inspect checkpoint.pt --part ema
      """))

  @Argument(help: "A model folder, or a file of another system.", completion: .file())
  var model: String

  @Argument(
    help: ArgumentHelp("Data to look at the model by, with --gradients.", valueName: "data"),
    completion: .file())
  var data: [String] = []

  @OptionGroup var checkpoint: PartOption

  @Flag(help: "Count parameters, operations and memory.")
  var cost = false

  @Option(
    help: ArgumentHelp(
      "Examples in a training step. (default: as it was trained)", valueName: "examples"))
  var batch: Int?

  @Option(
    name: [.customLong("steps"), .customLong("time")],
    help: ArgumentHelp(
      "Steps of an example. (default: as it was trained, or as is usual for texts)",
      valueName: "steps"))
  var time: Int?

  @Flag(help: "Show how far gradients reach back through the layers, their gates and dead units.")
  var gradients = false

  @OptionGroup var answer: JSONFlag

  func validate() throws {
    guard gradients == !data.isEmpty else {
      throw ValidationError(
        gradients
          ? "--gradients needs data that the model reads." : "Data belongs to --gradients.")
    }
    guard !(gradients && cost) else {
      throw ValidationError("--cost and --gradients are two questions; ask one at a time.")
    }
    for case (let name, let count?) in [("batch", batch), ("steps", time)] {
      guard cost else { throw ValidationError("--\(name) belongs to --cost.") }
      guard (1...1_000_000).contains(count) else {
        throw ValidationError("--\(name) is between 1 and 1000000, not \(count).")
      }
    }
  }

  mutating func run() throws {
    if case .file = try? fileKind(model) {
      guard !cost, !gradients else {
        throw ValidationError(
          "--\(cost ? "cost" : "gradients") is for model folders, not for a file of another system."
        )
      }
      let file = try InspectedFile(model, part: checkpoint.part)
      return answer.json ? print(try jsonText(file)) : printText(file.text)
    }
    if cost {
      let cost = try Jobs.ofModel(in: model).cost(of: model, batchSize: batch, time: time)
      return print(answer.json ? try jsonText(CostReport(cost)) : text(cost))
    }
    if gradients {
      return try Jobs.ofModel(in: model).gradients(of: model, on: data, json: answer.json)
    }
    let folder = try ModelFolder.peek(model)
    if answer.json {
      return print(try Jobs.ofModel(in: model).summary(of: model, json: true))
    }
    print("\(model): \(folder.task), written by recurrent \(folder.libraryVersion)")
    // Of another program's model there is no more to tell.
    if let job = Jobs.named(folder.task) { printText(try job.summary(of: model, json: false)) }
  }

  /// The counts, and the times they would take if all of it went as fast as a matrix product.
  private func text(_ cost: JobCost) -> String {
    let speed = Kernels.measuredPeak()
    func time(_ operations: Double) -> String { NumberFormat.time(operations / speed) }
    return """
      \(model): \(cost.example)s of \(cost.time) steps, \(cost.batchSize) in a training step

      \(cost)

      At \(Int((speed / 1e9).rounded())) GFLOP/s, what our matrix product of 1024³ reaches now, \
      about \(time(cost.predictionOperations)) a \(cost.example)
      and \(time(cost.trainingOperations)) a training step, in theory.
      """
  }
}

/// What a model takes, as JSON: operations and bytes.
private struct CostReport: Encodable {
  struct Part: Encodable {
    let operations, parameters, gradients, optimizerState, activations, peak: Double

    init(_ cost: StepCost, operations: Double) {
      self.operations = operations
      (parameters, gradients) = (cost.parameters, cost.gradients)
      (optimizerState, activations, peak) = (cost.optimizerState, cost.activations, cost.peak)
    }
  }

  let example: String
  let steps, batch: Int
  let prediction, trainingStep: Part

  init(_ cost: JobCost) {
    (example, steps, batch) = (cost.example, cost.time, cost.batchSize)
    prediction = Part(cost.prediction, operations: cost.predictionOperations)
    trainingStep = Part(cost.training, operations: cost.trainingOperations)
  }
}
