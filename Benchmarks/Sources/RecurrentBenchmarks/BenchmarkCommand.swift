import ArgumentParser
import Foundation
import Recurrent

/// `recurrent-benchmarks`: measures named cases, as a table or as JSON lines.
@main
struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recurrent-benchmarks",
    abstract: "Measures training, prediction and the matrix product at named shapes.",
    discussion: """
      recurrent-benchmarks --short                          a few seconds: does everything run?
      recurrent-benchmarks --mode recipe --epochs 20        the classic stock recipe
      recurrent-benchmarks --mode train --cell lstm --shape seed --threads 2
      recurrent-benchmarks --mode product                   the ceiling: 2048 x 2048 x 2048

      Scripts/benchmark measures the same cases in turn with other systems.
      """)

  enum Mode: String, CaseIterable, ExpressibleByArgument {
    case recipe
    case train
    case infer
    case step
    case stream
    case lengths
    case product
    case beside
  }

  @Option(
    help:
      "What to measure: recipe, train, infer, step, stream, lengths, product, beside; all if not given."
  )
  var mode: Mode?

  @Option(
    parsing: .upToNextOption, help: "Cells: lstm, gru, rnn; all if not given.",
    transform: cellKind)
  var cell: [CellKind] = []

  @Option(parsing: .upToNextOption, help: "Shapes by name; all if not given.")
  var shape: [NamedShape] = []

  @Option(help: "The number of threads; all processors if not given.")
  var threads: Int?

  @Option(help: "The epochs of the recipe.")
  var epochs = 100

  @Option(help: "The seconds to spend on a case, at least three repeats.")
  var budget = 2.0

  @Flag(help: "One JSON object a line instead of a table.")
  var json = false

  @Flag(help: "Small shapes, a few seconds in all: checks that every case runs.")
  var short = false

  @Flag(help: "Read cases as JSON lines from standard input; for Scripts/benchmark.")
  var worker = false

  func validate() throws {
    guard threads.map({ $0 >= 1 }) ?? true else {
      throw ValidationError("--threads is at least 1")
    }
    guard epochs >= 1 else { throw ValidationError("--epochs is at least 1") }
  }

  func run() throws {
    try ExecutionContext(threads: threads).run { try measure() }
  }

  private func measure() throws {
    if worker { return try Worker().run() }
    let modes = mode.map { [$0] } ?? Mode.allCases
    for mode in modes {
      switch mode {
      case .recipe:
        try show(
          short
            ? RecipeCase(epochs: 1, windows: 128, window: 20).run()
            : RecipeCase(epochs: epochs).run())
      case .train: try measureLayers(.train, NamedShape.trained)
      case .infer: try measureLayers(.infer, NamedShape.predicted)
      case .step: try measureLayers(.step, [.step])
      case .stream: try measureStreams()
      case .lengths: try measureLengths()
      case .product:
        try show(ProductCase(size: short ? 256 : 2048).measured(budget: short ? 0.1 : budget))
      case .beside where json: break  // a comparison, not a measurement of one case
      case .beside: print(BesideCase(budget: short ? 0.1 : budget).lines().joined(separator: "\n"))
      }
    }
  }

  private static func cellKind(_ name: String) throws -> CellKind {
    guard let kind = CellKind(rawValue: name) else {
      throw ValidationError("cells are lstm, gru and rnn, not \(name)")
    }
    return kind
  }

  private func measureLayers(_ mode: LayerCase.Mode, _ all: [NamedShape]) throws {
    let shapes = !shape.isEmpty ? shape : short ? [.tiny] : all
    for cell in cell.isEmpty ? CellKind.allCases : cell {
      for shape in shapes {
        try show(
          LayerCase(mode: mode, cell: cell, shape: shape.shape)
            .measured(budget: short ? 0.1 : budget, name: shape.rawValue))
      }
    }
  }

  /// Small networks, sample by sample.
  private func measureStreams() throws {
    for cell in cell.isEmpty ? [.lstm, .gru] : cell {
      for units in short ? [8] : StreamCase.sizes {
        for row in try StreamCase(cell: cell, units: units).measured(budget: short ? 0.1 : budget) {
          try show(row)
        }
      }
    }
  }

  /// Batches whose rows have a quarter of the steps in the mean, beside full ones.
  private func measureLengths() throws {
    for cell in cell.isEmpty ? CellKind.allCases : cell {
      for shape in !shape.isEmpty ? shape : [short ? .tiny : .medium] {
        let budget = short ? 0.1 : budget
        let ragged = shape.shape.ragged(longest: shape.shape.time / 2)
        let full = LayerCase(mode: .train, cell: cell, shape: shape.shape)
          .measured(budget: budget, name: shape.rawValue)
        let part = LayerCase(mode: .train, cell: cell, shape: ragged)
          .measured(budget: budget, name: "\(shape.rawValue), a quarter")
        try show(full)
        try show(part)
        if !json, let full = full.milliseconds, let part = part.milliseconds {
          print("a quarter of the steps takes \(String(format: "%.2f", part / full)) of the time")
        }
      }
    }
  }

  private func show(_ measurement: Measurement) throws {
    print(json ? try measurement.json() : measurement.row)
    fflush(nil)
  }
}
