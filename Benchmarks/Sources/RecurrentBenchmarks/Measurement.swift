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
      milliseconds.map {
        $0 < 0.01 ? String(format: "%10.1f ns", $0 * 1e6) : String(format: "%10.3f ms", $0)
      }
      ?? seconds.map { String(format: "%10.2f s ", $0) } ?? ""
    let rate = gigaflops.map { String(format: "%8.1f GFLOP/s", $0) } ?? ""
    return name.padding(toLength: 28, withPad: " ", startingAt: 0)
      + "\(threads) \(threads == 1 ? "thread " : "threads") \(time)\(rate)"
  }
}

/// The median time of `body` in milliseconds, after runs that do not count: at least two, and more
/// until a tenth of `budget` seconds is over.
///
/// At least three repeats, and more until the budget is spent. The rivals keep the same rule.
func medianMilliseconds(budget: Double, _ body: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let beginning = clock.now
  var warmUps = 0
  while warmUps < 2 || clock.now - beginning < .seconds(budget / 10) {
    try body()
    warmUps += 1
  }
  let start = clock.now
  var times: [Double] = []
  while times.count < 3 || (clock.now - start < .seconds(budget) && times.count < 100_000) {
    times.append(try clock.measure(body).milliseconds)
  }
  times.sort()
  return (times[(times.count - 1) / 2] + times[times.count / 2]) / 2
}

extension Duration {
  /// This duration in milliseconds.
  var milliseconds: Double {
    Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15
  }
}
