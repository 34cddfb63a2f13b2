import ArgumentParser
import Foundation
import Recurrent
import RecurrentFiles
import RecurrentTasks

/// `recurrent bench`
struct Bench: ThreadedCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how fast recurrent layers run on this machine, and what memory they take.",
    usage: "recurrent bench [<options>]",
    discussion: flowing(
      """
      The speed counts the operations of the matrix products over the valid
      steps. It stands beside two limits measured in the same run on as many
      threads: our own matrix product of 2048 by 2048 numbers (fewer on slow
      machines), and multiply-adds in registers, which nothing can exceed.

      Modes: train, a forward and a backward pass for all weights; infer, a
      forward pass; step, one time step after another, as in a stream.

      Examples:
        recurrent bench
        recurrent bench --cell gru --layers 2 --bidirectional --lengths uniform
        recurrent bench --mode infer --batch 1 --hidden 512 --threads 1
        recurrent bench --mode step --input 128 --hidden 128 --json
      """))

  @Option(help: "The recurrent layer.")
  var cell = LayerBenchmark().cell

  @Option(help: "What is measured.")
  var mode = LayerBenchmark().mode

  @Option(
    help: ArgumentHelp("Rows of a batch. (default: 64; 1 with --mode step)", valueName: "rows"))
  var batch: Int?

  @Option(
    name: [.customLong("steps"), .customLong("time")],
    help: ArgumentHelp("Time steps of a row. (default: 100)", valueName: "steps"))
  var time: Int?

  @Option(help: ArgumentHelp("Input features of a step.", valueName: "features"))
  var input = LayerBenchmark().inputSize

  @Option(help: ArgumentHelp("Hidden units of a layer.", valueName: "units"))
  var hidden = LayerBenchmark().hiddenSize

  @Option(help: ArgumentHelp("Recurrent layers.", valueName: "count"))
  var layers = LayerBenchmark().layerCount

  @Flag(help: "Run each layer in both directions.")
  var bidirectional = false

  @Option(help: "Steps of a row: all, or a random number of them, half in the mean.")
  var lengths = LayerBenchmark().lengths

  @Option(help: ArgumentHelp("How long to measure; at least seven runs.", valueName: "seconds"))
  var seconds = 2.0

  @OptionGroup var answer: JSONFlag
  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    let counts = [("batch", batch), ("steps", time), ("input", input), ("hidden", hidden)]
    for case (let name, let count?) in counts where !(1...1_000_000).contains(count) {
      throw ValidationError("--\(name) is between 1 and 1000000, not \(count).")
    }
    guard (1...1000).contains(layers) else {
      throw ValidationError("--layers is between 1 and 1000, not \(layers).")
    }
    guard seconds > 0 && seconds <= 3600 else {
      throw ValidationError("--seconds is more than 0 and at most 3600, not \(seconds).")
    }
    if mode == .step {
      if time != nil || lengths != .full {
        let flag = time != nil ? "--steps" : "--lengths"
        throw ValidationError("--mode step measures single time steps and takes no \(flag).")
      }
      if bidirectional {
        throw ValidationError(
          "--mode step goes from step to step and cannot see later ones, as --bidirectional must.")
      }
    }
    if benchmark.cost.peak > Double(AvailableMemory.current.bytes) {
      throw ValidationError(
        "This takes about \(NumberFormat.bytes(benchmark.cost.peak)) of memory, "
          + "\(AvailableMemory.current.words(NumberFormat.bytes)). Use a smaller --batch, --steps, --hidden or --layers."
      )
    }
  }

  private var benchmark: LayerBenchmark {
    var benchmark = LayerBenchmark()
    benchmark.cell = cell
    benchmark.mode = mode
    benchmark.batchSize = batch ?? (mode == .step ? 1 : benchmark.batchSize)
    benchmark.time = mode == .step ? 1 : time ?? benchmark.time
    benchmark.inputSize = input
    benchmark.hiddenSize = hidden
    benchmark.layerCount = layers
    benchmark.isBidirectional = bidirectional
    benchmark.lengths = lengths
    return benchmark
  }

  mutating func run() throws {
    let report = BenchReport(benchmark.run(budget: seconds), limitsIn: seconds / 4)
    print(answer.json ? try report.json() : report.description)
  }
}

extension LayerBenchmark.Mode: ExpressibleByArgument {}
extension LayerBenchmark.Lengths: ExpressibleByArgument {}
