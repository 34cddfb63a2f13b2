import Foundation
import Recurrent

/// `recurrent-benchmarks --worker`: a case a line on standard input, what it took a line on standard
/// output. So one process takes turns with other systems without starting anew each time.
struct Worker {
  /// A line of input.
  private struct Request: Decodable {
    enum Mode: String, Decodable {
      case train
      case infer
      case step
      case product
      case memory
      case recipe
      case text
      case graph
      case draw
    }
    let mode: Mode
    var task: TextCase.Task?
    var cell: CellKind?
    var shape: LayerShape?
    var size: Int?
    var epochs: Int?
    var threads: Int?
    var budget: Double?
    var folder: String?
    var inFrames: Bool?
    var chart: CostChart?
  }

  /// The first line of output.
  private struct Greeting: Encodable {
    let system = "recurrent"
    let version: String
    let modes = ["train", "infer", "step", "product", "memory", "recipe", "text", "graph"]
    let resident: Int
    let processor: Double
    /// The sizes by name, for the script has none of its own.
    let shapes: [String: LayerShape]
    let trained: [String]
    let predicted: [String]
    /// The text tasks with their sizes.
    let texts: [String: TextCase.Shape]
  }

  /// A line of output.
  private struct Answer: Encodable {
    var milliseconds: Double?
    var gigaflops: Double?
    var output: [Int]?
    var seconds: Double?
    var loss: Double?
    var stored: Int?
    var stepPeak: Int?
    var stepStored: Int?
    var svg: String?
    var error: String?
    /// The most bytes that this process has had in memory.
    var resident = 0
    /// The processor seconds so far.
    var processor = ProcessorTime.seconds
    /// Those between the last answer and the request: how much a waiting worker disturbs others.
    var idle: Double
  }

  private let encoder = JSONEncoder()

  func run() throws {
    try send(
      Greeting(
        version: "Recurrent \(LibraryVersion.current) (\(Kernels.name))",
        resident: ProcessMemory.peakBytes, processor: ProcessorTime.seconds,
        shapes: Dictionary(
          uniqueKeysWithValues: NamedShape.allCases.map { ($0.rawValue, $0.shape) }),
        trained: NamedShape.trained.map(\.rawValue),
        predicted: NamedShape.predicted.map(\.rawValue),
        texts: Dictionary(
          uniqueKeysWithValues: TextCase.Task.allCases.map {
            ($0.rawValue, TextCase(task: $0).shape)
          })))
    var (last, body): (String?, () -> Void) = (nil, {})
    var answered = ProcessorTime.seconds
    var context = ExecutionContext.current
    while let line = readLine() {
      let idle = ProcessorTime.seconds - answered
      var answer = Answer(idle: idle)
      do {
        let request = try JSONDecoder().decode(Request.self, from: Data(line.utf8))
        if let threads = request.threads, threads != context.threads {
          context = ExecutionContext(threads: threads)
        }
        answer = try context.run {
          try self.answer(request, idle: idle) { make in
            // The same case again: the same weights and inputs, as the rivals keep theirs.
            if last != line { (last, body) = (line, try make()) }
            return body
          }
        }
      } catch {
        answer.error = "\(error)"
      }
      if answer.resident == 0 { answer.resident = ProcessMemory.peakBytes }
      answer.processor = ProcessorTime.seconds
      try send(answer)
      answered = ProcessorTime.seconds
    }
  }

  private func answer(
    _ request: Request, idle: Double, kept: (() throws -> () -> Void) throws -> () -> Void
  ) throws -> Answer {
    var answer = Answer(idle: idle)
    func time(_ operations: Double, _ make: @escaping () throws -> () -> Void) throws {
      let milliseconds = medianMilliseconds(budget: request.budget ?? 0.5, try kept(make))
      answer.milliseconds = milliseconds
      answer.gigaflops = operations / milliseconds / 1e6
    }
    func layers(_ mode: LayerCase.Mode) throws -> LayerCase {
      guard let cell = request.cell, let shape = request.shape else {
        throw ValidationFailure(message: "\(request.mode) needs a cell and a shape")
      }
      return LayerCase(mode: mode, cell: cell, shape: shape)
    }
    switch request.mode {
    case .train, .infer, .step:
      let layers = try layers(LayerCase.Mode(rawValue: request.mode.rawValue) ?? .train)
      try time(layers.operations, layers.body)
      answer.output = layers.outputShape
    case .product:
      let product = ProductCase(size: request.size ?? 2048)
      try time(product.operations, product.body)
    case .memory:
      let memory = MemoryCase(layers: try layers(.train))
      memory.run()
      (answer.resident, answer.stored) = (ProcessMemory.peakBytes, memory.storedBytes)
      let step = memory.step
      (answer.stepPeak, answer.stepStored) = (step.peakBytes, step.storedBytes)
    case .recipe:
      let measurement = try RecipeCase(epochs: request.epochs ?? 100).run()
      (answer.seconds, answer.loss) = (measurement.seconds, measurement.loss)
    case .text:
      guard let task = request.task else { throw ValidationFailure(message: "text needs a task") }
      answer.milliseconds = try TextCase(task: task).stepMilliseconds(budget: request.budget ?? 1)
    case .graph:
      guard let folder = request.folder else {
        throw ValidationFailure(message: "graph needs a folder")
      }
      try time(0, GraphCase(folder: folder, inFrames: request.inFrames ?? false).body)
    case .draw:
      guard let chart = request.chart else {
        throw ValidationFailure(message: "draw needs a chart")
      }
      answer.svg = chart.svg()
    }
    return answer
  }

  private func send(_ value: some Encodable) throws {
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
    fflush(nil)
  }
}

/// A request that does not say enough.
struct ValidationFailure: Error, CustomStringConvertible {
  let message: String
  var description: String { message }
}

/// Processor time of this process.
enum ProcessorTime {
  /// Seconds of all threads so far.
  static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
