import Foundation
import Recurrent
import RecurrentTasks

/// What `recurrent bench` prints: a measurement beside the limits of the machine.
struct BenchReport: CustomStringConvertible {
  let result: LayerBenchmark.Result
  /// Before the limits were measured, which takes memory too.
  private let processPeak = ProcessMemory.peakBytes
  private let productSize: Int
  private let product: Double
  private let limit: Double

  /// Measures the limits for so many seconds.
  init(_ result: LayerBenchmark.Result, limitsIn seconds: Double) {
    self.result = result
    let limit = Kernels.measuredMultiplyAddPeak(seconds: seconds / 2)
    self.limit = limit
    // On a slow machine a product that fits into the time twice; there the size matters little.
    productSize =
      [2048, 1024, 512].first { 4 * pow(Double($0), 3) < limit * seconds } ?? 256
    product = Kernels.measuredPeak(size: productSize, seconds: seconds)
  }

  private var median: Double { result.seconds(at: 0.5) }

  /// What a backward pass cannot do without.
  private var neededBytes: Int {
    result.activationBytes + result.parameterBytes + result.gradientBytes
  }

  var description: String {
    let speed = result.operationsPerSecond
    func percent(_ limit: Double) -> String { NumberFormat.fixed(100 * speed / limit, 1) + " %" }
    func rate(_ speed: Double) -> String { NumberFormat.fixed(speed / 1e9, 1) + " GFLOP/s" }
    func bytes(_ count: Int) -> String { NumberFormat.bytes(Double(count)) }
    let (low, high) = (result.seconds(at: 0.25), result.seconds(at: 0.75))
    var rows = [
      (
        "time", NumberFormat.time(median),
        "median of \(NumberFormat.grouped(result.seconds.count)) runs, the middle half "
          + "\(NumberFormat.time(low)) to \(NumberFormat.time(high))"
      ),
      (
        "throughput", NumberFormat.grouped(Int(Double(result.benchmark.steps) / median)),
        "time steps a second"
      ),
      ("speed", rate(speed), "\(NumberFormat.operations(result.benchmark.operations)) operations"),
      ("", percent(product), "of \(rate(product)), our matrix product of \(productSize)³"),
      ("", percent(limit), "of \(rate(limit)), multiply-adds in registers"),
      (
        "allocated", bytes(result.allocatedBytes),
        "a run, once warm; \(bytes(result.smallBytes)) more in small buffers"
      ),
      ("peak memory", bytes(result.peakBytes), "of buffers in a run" + ratio),
    ]
    if result.benchmark.mode == .train {
      rows.append(
        ("", bytes(result.activationBytes), "activations, with the gradient of the output"))
      rows.append(("", bytes(result.parameterBytes), "weights, and as much for their gradients"))
    } else {
      rows.append(("", bytes(result.parameterBytes), "weights"))
    }
    rows.append(("", bytes(processPeak), "resident, of the whole process"))
    let width = rows.map(\.1.count).max() ?? 0
    let lines = rows.map { label, value, remark in
      label.padding(toLength: 12, withPad: " ", startingAt: 0)
        + String(repeating: " ", count: width - value.count) + value + "  " + remark
    }
    return ([title, machine, ""] + lines).joined(separator: "\n")
  }

  private var ratio: String {
    guard result.benchmark.mode == .train else { return "" }
    let ratio = Double(result.peakBytes) / Double(neededBytes)
    return ", \(NumberFormat.fixed(ratio, 2)) times what it cannot do without:"
  }

  private var title: String {
    let benchmark = result.benchmark
    let (rows, time) = (benchmark.batchSize, benchmark.time)
    var text = "\(benchmark.cell.rawValue.uppercased()) \(benchmark.inputSize) → "
    text += "\(benchmark.hiddenSize)"
    if benchmark.layerCount > 1 { text += ", \(benchmark.layerCount) layers" }
    if benchmark.isBidirectional { text += ", both directions" }
    let batch = rows == 1 ? "one row" : "\(rows) rows"
    let steps = benchmark.lengths == .full ? "\(time)" : "1 to \(time)"
    switch benchmark.mode {
    case .train: return text + ": forward and backward pass, \(batch) of \(steps) steps"
    case .infer: return text + ": forward pass, \(batch) of \(steps) steps"
    case .step: return text + ": step by step, \(batch)"
    }
  }

  private var machine: String {
    var text = "kernels \(Kernels.name), \(ExecutionContext.current.threads) "
    text += ExecutionContext.current.threads == 1 ? "thread" : "threads"
    #if DEBUG
      text += ", debug build: many times slower than a release build"
    #endif
    return text
  }

  /// The measurement as one JSON object, whose keys do not change between versions.
  func json() throws -> String {
    let benchmark = result.benchmark
    let object = Object(
      version: LibraryVersion.current, kernels: Kernels.name,
      threads: ExecutionContext.current.threads,
      cell: benchmark.cell, mode: benchmark.mode, lengths: benchmark.lengths,
      batch: benchmark.batchSize, time: benchmark.time, input: benchmark.inputSize,
      hidden: benchmark.hiddenSize, layers: benchmark.layerCount,
      bidirectional: benchmark.isBidirectional, validSteps: benchmark.steps,
      runs: result.seconds.count, productSize: productSize, medianMs: 1e3 * median,
      lowerQuartileMs: 1e3 * result.seconds(at: 0.25),
      upperQuartileMs: 1e3 * result.seconds(at: 0.75), minMs: 1e3 * result.seconds(at: 0),
      maxMs: 1e3 * result.seconds(at: 1), operations: benchmark.operations,
      gflops: result.operationsPerSecond / 1e9, productGflops: product / 1e9,
      limitGflops: limit / 1e9, shareOfProduct: result.operationsPerSecond / product,
      shareOfLimit: result.operationsPerSecond / limit,
      allocatedBytes: result.allocatedBytes, smallAllocatedBytes: result.smallBytes,
      peakBufferBytes: result.peakBytes, processPeakBytes: processPeak,
      activationBytes: result.activationBytes, parameterBytes: result.parameterBytes,
      gradientBytes: result.gradientBytes)
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return String(decoding: try encoder.encode(object), as: UTF8.self)
  }

  private struct Object: Encodable {
    let version, kernels: String
    let threads: Int
    let cell: CellKind
    let mode: LayerBenchmark.Mode
    let lengths: LayerBenchmark.Lengths
    let batch, time, input, hidden, layers: Int
    let bidirectional: Bool
    let validSteps, runs, productSize: Int
    let medianMs, lowerQuartileMs, upperQuartileMs, minMs, maxMs: Double
    let operations, gflops, productGflops, limitGflops: Double
    let shareOfProduct, shareOfLimit: Double
    let allocatedBytes, smallAllocatedBytes, peakBufferBytes, processPeakBytes: Int
    let activationBytes, parameterBytes, gradientBytes: Int
  }
}
