import Foundation

/// What one case took, in the form that all systems print: one JSON object a line.
struct Measurement: Encodable {
  var system = "recurrent"
  let mode: String
  var cell: String?
  var shape: String?
  let threads: Int
  var epochs: Int?
  /// The median of the repeats, in milliseconds.
  var milliseconds: Double?
  /// Training alone, in seconds.
  var seconds: Double?
  /// Operations of the matrix products over time; activations are not counted.
  var gigaflops: Double?
  /// The last epoch's loss of a run.
  var loss: Double?

  /// The object on one line.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }

  /// The row of a table.
  var row: String {
    let name = [mode, cell, shape].compactMap(\.self).joined(separator: " ")
    let time =
      milliseconds.map { String(format: "%10.3f ms", $0) }
      ?? seconds.map { String(format: "%10.2f s ", $0) } ?? ""
    let rate = gigaflops.map { String(format: "%8.1f GFLOP/s", $0) } ?? ""
    return name.padding(toLength: 28, withPad: " ", startingAt: 0)
      + "\(threads) \(threads == 1 ? "thread " : "threads") \(time)\(rate)"
  }
}

/// The median time of `body` in milliseconds, after three runs that do not count.
///
/// At least seven repeats, and more until `budget` seconds are over.
func medianMilliseconds(budget: Double, _ body: () -> Void) -> Double {
  for _ in 0..<3 { body() }
  let clock = ContinuousClock()
  let start = clock.now
  var times: [Double] = []
  while times.count < 7 || (clock.now - start < .seconds(budget) && times.count < 2_000) {
    times.append(clock.measure(body).milliseconds)
  }
  return times.sorted()[times.count / 2]
}

extension Duration {
  /// This duration in milliseconds.
  var milliseconds: Double {
    Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15
  }
}
