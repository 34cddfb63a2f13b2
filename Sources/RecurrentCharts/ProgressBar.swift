import Foundation
import RecurrentFiles

/// The progress of a training run, on standard error.
///
/// ```swift
/// var progress = ProgressBar(epochs: 100, stepsPerEpoch: 40, unit: "sequences")
/// progress.step(epoch: 1, step: 1, loss: 0.5, items: 32)
/// …
/// progress.endEpoch(1, loss: 0.4, validationLoss: 0.45, isBest: true)
/// …
/// progress.finish()
/// ```
///
/// On a terminal one line is redrawn, at most ten times a second: `epoch 3/100 ━━━━━───── step
/// 12/40  loss 0.01234  validation 0.01450  832 sequences/s  1:23 left`. Elsewhere every epoch is
/// one line. Epochs and steps count from 1.
public struct ProgressBar: Sendable {
  /// Epochs of the whole run, those before a resumed checkpoint included.
  public let epochs: Int
  /// Steps (batches) of one epoch.
  public let stepsPerEpoch: Int
  /// The unit of `items`, such as windows.
  public let unit: String

  private enum Display {
    case bar
    case lines
    case nothing
  }

  private let display: Display
  private let output: ProgressOutput
  /// Seconds since some moment.
  private let clock: @Sendable () -> Double

  private let start: Double
  private var epochStart: Double
  private var lastDrawn = -Double.infinity
  /// Steps done before this run: a resumed training says nothing about their time.
  private var stepsBefore: Int?
  private var items = 0
  private var loss: Double?
  private var validationLoss: Double?
  private var best: (epoch: Int, value: String)?
  private var note: String?
  private var lastEpoch = 0

  /// Creates the display of a run; the clock starts now.
  ///
  /// - Parameters:
  ///   - epochs: of the whole run, at least 1.
  ///   - stepsPerEpoch: batches of one epoch, at least 1.
  ///   - unit: what is counted by the items of a step, in the plural.
  ///   - clock: seconds since some moment, never going back.
  public init(
    epochs: Int, stepsPerEpoch: Int, unit: String = "sequences", mode: ProgressMode = .automatic,
    output: ProgressOutput = .standardError,
    clock: @escaping @Sendable () -> Double = {
      ProcessInfo.processInfo.systemUptime
    }
  ) {
    require(epochs >= 1, "A run has at least one epoch; found \(epochs).")
    require(stepsPerEpoch >= 1, "An epoch has at least one step; found \(stepsPerEpoch).")
    self.epochs = epochs
    self.stepsPerEpoch = stepsPerEpoch
    self.unit = unit
    self.output = output
    self.clock = clock
    display =
      switch mode {
      case .automatic: output.isTerminal ? .bar : .lines
      case .terminal: .bar
      case .lines: .lines
      case .silent: .nothing
      }
    start = clock()
    epochStart = start
  }

  /// A step is done.
  ///
  /// - Parameters:
  ///   - epoch: its epoch, from 1.
  ///   - step: its number within the epoch, from 1.
  ///   - loss: of this step, or a running mean.
  ///   - items: how many sequences (or what `unit` says) it saw; 0: the rate is in steps.
  public mutating func step(epoch: Int, step: Int, loss: Double? = nil, items: Int = 0) {
    let done = (epoch - 1) * stepsPerEpoch + step
    if stepsBefore == nil { stepsBefore = done - 1 }
    self.items += items
    self.loss = loss ?? self.loss
    guard display == .bar else { return }
    let now = clock()
    guard now - lastDrawn >= 0.1 else { return }
    lastDrawn = now
    draw(epoch: epoch, step: step, now: now)
  }

  /// An epoch is done, its validation too.
  ///
  /// - Parameters:
  ///   - epoch: from 1.
  ///   - loss: on the training part.
  ///   - validationLoss: on the validation part, if there is one.
  ///   - learningRate: of the epoch; shown in lines.
  ///   - note: what else there is to say about it, such as a score, by which the best is called.
  ///   - remark: what is said of it in lines alone.
  ///   - isBest: whether this is the best epoch so far.
  public mutating func endEpoch(
    _ epoch: Int, loss: Double, validationLoss: Double? = nil, learningRate: Double? = nil,
    note: String? = nil, remark: String? = nil, isBest: Bool = false
  ) {
    let now = clock()
    if stepsBefore == nil { stepsBefore = (epoch - 1) * stepsPerEpoch }
    self.loss = loss
    self.validationLoss = validationLoss
    lastEpoch = epoch
    self.note = note
    if isBest { best = (epoch, note ?? Self.number(validationLoss ?? loss)) }
    switch display {
    case .nothing: break
    case .bar:
      lastDrawn = now
      draw(epoch: epoch, step: stepsPerEpoch, now: now)
    case .lines:
      var parts = ["epoch \(epoch)/\(epochs)", "loss \(Self.number(loss))"]
      if let validationLoss { parts.append("validation \(Self.number(validationLoss))") }
      if let note { parts.append(note) }
      if let learningRate { parts.append("learning rate \(Self.plain(learningRate))") }
      parts.append(Self.duration(now - epochStart))
      if let remark { parts.append(remark) }
      if isBest { parts.append("best") }
      output.write(broken(parts.joined(separator: "  ")) + "\n")
    }
    epochStart = now
  }

  /// The run is over, also when it stopped early: leaves one clean line on a terminal.
  ///
  /// - Parameter note: why it is over, if that is not plain: "no better for 10 epochs".
  public mutating func finish(note: String? = nil) {
    guard display != .nothing else { return }
    let count = lastEpoch - (stepsBefore ?? 0) / stepsPerEpoch
    var parts = [
      "\(max(0, count)) \(count == 1 ? "epoch" : "epochs") in \(Self.duration(clock() - start))"
    ]
    if let loss { parts.append("loss \(Self.number(loss))") }
    if let validationLoss { parts.append("validation \(Self.number(validationLoss))") }
    if let best { parts.append("best \(best.value) at epoch \(best.epoch)") }
    if let note { parts.append(note) }
    let text = broken(parts.joined(separator: "  "))
    output.write(display == .bar ? Self.lineStart + text + Self.lineEnd + "\n" : text + "\n")
  }

  /// A line that stays, broken between words where a terminal is too narrow for it.
  private func broken(_ text: String) -> String {
    output.isTerminal ? TextWidth.wrapped(text, columns: output.columns()) : text
  }

  // MARK: The bar

  private static let lineStart = "\r"
  /// Clears what a longer line left behind.
  private static let lineEnd = "\u{1B}[K"

  private mutating func draw(epoch: Int, step: Int, now: Double) {
    let total = epochs * stepsPerEpoch
    let done = min((epoch - 1) * stepsPerEpoch + step, total)
    let own = done - (stepsBefore ?? 0)
    let elapsed = now - start

    let epochText = "epoch \(Self.padded(epoch, to: epochs))/\(epochs)"
    var parts = ["step \(Self.padded(step, to: stepsPerEpoch))/\(stepsPerEpoch)"]
    if let loss { parts.append("loss \(Self.number(loss))") }
    if let validationLoss { parts.append("validation \(Self.number(validationLoss))") }
    if let note { parts.append(note) }
    if elapsed > 0, own > 0 {
      let rate = items > 0 ? Double(items) / elapsed : Double(own) / elapsed
      parts.append("\(Self.rate(rate)) \(items > 0 ? unit : "steps")/s")
      let left = elapsed / Double(own) * Double(total - done)
      parts.append("\(Self.duration(left.rounded())) left")
    }
    // The last column stays free: some terminals break the line there.
    let width = max(1, output.columns() - 1)
    // The bar does not change its length with the text beside it; without room the rate goes first,
    // then the step, then the time left.
    let wanted = max(10, min(30, width / 6))
    func needed() -> Int { epochText.count + parts.reduce(0) { $0 + 2 + $1.count } }
    func drop(where isDropped: (String) -> Bool) {
      if needed() + 1 + wanted > width { parts.removeAll(where: isDropped) }
    }
    drop { $0.hasSuffix("/s") }
    drop { $0.hasPrefix("step ") }
    drop { $0.hasSuffix(" left") }
    // Of what still does not fit, the last goes first.
    while needed() > width, !parts.isEmpty { parts.removeLast() }
    var line = epochText
    let room = min(wanted, width - needed() - 1)
    if room >= 4 { line += " " + bar(width: room, part: Double(done) / Double(total)) }
    if room < 4 { line = String(line.prefix(width)) }
    line += parts.map { "  " + $0 }.joined()
    output.write(Self.lineStart + line + Self.lineEnd)
  }

  private func bar(width: Int, part: Double) -> String {
    let filled = min(width, Int((part * Double(width)).rounded(.down)))
    let full = String(repeating: "━", count: filled)
    let empty = String(repeating: "─", count: width - filled)
    return (output.usesColour && filled > 0 ? "\u{1B}[36m\(full)\u{1B}[0m" : full) + empty
  }

  // MARK: Text

  /// Four significant digits, so that neighbouring values line up: `0.01234`, `1.250e-05`.
  package static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    let exponent = ChartNumbers.exponent(of: value)
    if value != 0, exponent < -4 || exponent >= 7 { return String(format: "%.3e", value) }
    return String(format: "%.\(max(0, 3 - exponent))f", value)
  }

  /// A number as short as it is exact: `0.001`, `5e-05`.
  private static func plain(_ value: Double) -> String { String(format: "%.4g", value) }

  private static func rate(_ value: Double) -> String {
    value >= 100 ? String(format: "%.0f", value) : String(format: "%.1f", value)
  }

  /// `0.4 s`, `12 s`, `1:23`, `2:03:04`.
  static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "–" }
    if seconds < 9.95 {
      return String(format: seconds == seconds.rounded() ? "%.0f s" : "%.1f s", seconds)
    }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    let rest = String(format: "%02d", whole % 60)
    if whole < 3_600 { return "\(whole / 60):\(rest)" }
    return "\(whole / 3_600):" + String(format: "%02d", whole / 60 % 60) + ":\(rest)"
  }

  private static func padded(_ value: Int, to largest: Int) -> String {
    let text = String(value)
    return String(repeating: " ", count: max(0, String(largest).count - text.count)) + text
  }
}
