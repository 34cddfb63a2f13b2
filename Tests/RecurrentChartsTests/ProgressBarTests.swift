import Foundation
import Recurrent
import Synchronization
import Testing

@testable import RecurrentCharts

/// Collects what is written, and is a clock that tests move.
private final class Recorder: Sendable {
  private let state = Mutex((text: "", time: 100.0))

  var text: String { state.withLock { $0.text } }
  func advance(by seconds: Double) { state.withLock { $0.time += seconds } }
  func clear() { state.withLock { $0.text = "" } }

  func output(isTerminal: Bool, usesColour: Bool = false, columns: Int = 100) -> ProgressOutput {
    ProgressOutput(
      isTerminal: isTerminal, usesColour: usesColour, columns: { columns },
      write: { text in self.state.withLock { $0.text += text } })
  }

  @Sendable func clock() -> Double { state.withLock { $0.time } }
}

@Suite struct ProgressBarTests {
  @Test func lines() {
    let recorder = Recorder()
    var progress = ProgressBar(
      epochs: 100, stepsPerEpoch: 4, output: recorder.output(isTerminal: false),
      clock: recorder.clock)
    for step in 1...4 {
      recorder.advance(by: 0.3)
      progress.step(epoch: 1, step: step, loss: 0.5, items: 32)
    }
    progress.endEpoch(
      1, loss: 0.012_34, validationLoss: 0.0145, learningRate: 0.001, isBest: true)
    recorder.advance(by: 75)
    progress.endEpoch(2, loss: 1.25e-5, validationLoss: .nan)
    progress.finish(note: "no better for 10 epochs")
    #expect(
      recorder.text == """
        epoch 1/100  loss 0.01234  validation 0.01450  learning rate 0.001  1.2 s  best
        epoch 2/100  loss 1.250e-05  validation nan  1:15
        2 epochs in 1:16  loss 1.250e-05  validation nan  best 0.01450 at epoch 1  no better for 10 epochs

        """)
  }

  /// What else there is to say about an epoch stands behind its losses, and names the best.
  @Test func notes() {
    let recorder = Recorder()
    var progress = ProgressBar(
      epochs: 2, stepsPerEpoch: 1, output: recorder.output(isTerminal: false),
      clock: recorder.clock)
    progress.endEpoch(1, loss: 0.5, learningRate: 0.01, note: "F1 41.25 %", isBest: true)
    progress.endEpoch(2, loss: 0.25, note: "F1 40.00 %")
    progress.finish()
    #expect(
      recorder.text == """
        epoch 1/2  loss 0.5000  F1 41.25 %  learning rate 0.01  0 s  best
        epoch 2/2  loss 0.2500  F1 40.00 %  0 s
        2 epochs in 0 s  loss 0.2500  best F1 41.25 % at epoch 1

        """)
  }

  @Test func bar() {
    let recorder = Recorder()
    var progress = ProgressBar(
      epochs: 10, stepsPerEpoch: 40, output: recorder.output(isTerminal: true, columns: 110),
      clock: recorder.clock)
    recorder.advance(by: 2)
    progress.step(epoch: 1, step: 1, loss: 0.75, items: 32)
    #expect(
      recorder.text
        == "\repoch  1/10 ──────────────────  step  1/40  loss 0.7500  16.0 sequences/s  13:18 left\u{1B}[K"
    )
    recorder.clear()
    recorder.advance(by: 0.05)
    progress.step(epoch: 1, step: 2, loss: 0.5, items: 32)
    #expect(recorder.text == "")  // at most ten times a second
    recorder.advance(by: 37.95)
    progress.endEpoch(1, loss: 0.5, validationLoss: 0.625, isBest: true)
    #expect(
      recorder.text
        == "\repoch  1/10 ━─────────────────  step 40/40  loss 0.5000  validation 0.6250  1.6 sequences/s  6:00 left\u{1B}[K"
    )
    recorder.clear()
    progress.finish()
    #expect(
      recorder.text
        == "\r1 epoch in 40 s  loss 0.5000  validation 0.6250  best 0.6250 at epoch 1\u{1B}[K\n")
  }

  @Test func narrowTerminalsLoseTheRateFirst() {
    func drawn(columns: Int, usesColour: Bool = false) -> String {
      let recorder = Recorder()
      var progress = ProgressBar(
        epochs: 10, stepsPerEpoch: 4,
        output: recorder.output(isTerminal: true, usesColour: usesColour, columns: columns),
        clock: recorder.clock)
      recorder.advance(by: 10)
      for step in 1...4 { progress.step(epoch: 1, step: step, loss: 0.75, items: 32) }
      progress.endEpoch(1, loss: 0.5)
      return recorder.text.split(separator: "\r").last.map(String.init) ?? ""
    }
    #expect(
      drawn(columns: 80)
        == "epoch  1/10 ━────────────  step 4/4  loss 0.5000  12.8 sequences/s  1:30 left\u{1B}[K")
    #expect(
      drawn(columns: 60)
        == "epoch  1/10 ━─────────  step 4/4  loss 0.5000  1:30 left\u{1B}[K")
    #expect(
      drawn(columns: 40)
        == "epoch  1/10 ━─────────  loss 0.5000\u{1B}[K")
    #expect(
      drawn(columns: 12)
        == "epoch  1/10\u{1B}[K")
    #expect(
      drawn(columns: 40, usesColour: true)
        == "epoch  1/10 \u{1B}[36m━\u{1B}[0m─────────  loss 0.5000\u{1B}[K")
    for columns in 1...140 {
      #expect(drawn(columns: columns).replacing("\u{1B}[K", with: "").count <= max(1, columns - 1))
    }
  }

  /// What stays on a terminal is broken between words.
  @Test func narrowTerminalsBreakBetweenWords() {
    let recorder = Recorder()
    var progress = ProgressBar(
      epochs: 10, stepsPerEpoch: 4, mode: .lines,
      output: recorder.output(isTerminal: true, columns: 40), clock: recorder.clock)
    progress.endEpoch(1, loss: 0.5, validationLoss: 0.625, learningRate: 0.001, isBest: true)
    progress.finish(note: "no better for 3 epochs")
    #expect(
      recorder.text == """
        epoch 1/10  loss 0.5000  validation
            0.6250  learning rate 0.001  0 s
            best
        1 epoch in 0 s  loss 0.5000  validation
            0.6250  best 0.6250 at epoch 1  no
            better for 3 epochs

        """)
  }

  @Test func resumedRunsMeasureOnlyTheirOwnTime() {
    let recorder = Recorder()
    var progress = ProgressBar(
      epochs: 10, stepsPerEpoch: 10, output: recorder.output(isTerminal: true),
      clock: recorder.clock)
    recorder.advance(by: 5)
    progress.step(epoch: 6, step: 1)
    // One step of 5 s is done, 49 remain; half of the bar is full.
    #expect(
      recorder.text
        == "\repoch  6/10 ━━━━━━━━────────  step  1/10  0.2 steps/s  4:05 left\u{1B}[K"
    )
    recorder.clear()
    progress.endEpoch(6, loss: 1)
    recorder.clear()
    progress.finish()
    #expect(recorder.text == "\r1 epoch in 5 s  loss 1.000\u{1B}[K\n")
  }

  @Test func silenceAndForcedModes() {
    let recorder = Recorder()
    for (mode, isTerminal, isSilent) in [
      (ProgressMode.silent, true, true), (.lines, true, false), (.terminal, false, false),
    ] {
      recorder.clear()
      var progress = ProgressBar(
        epochs: 2, stepsPerEpoch: 1, mode: mode, output: recorder.output(isTerminal: isTerminal),
        clock: recorder.clock)
      progress.step(epoch: 1, step: 1, loss: 1)
      progress.endEpoch(1, loss: 1)
      progress.finish()
      #expect(recorder.text.isEmpty == isSilent)
      #expect(recorder.text.contains("\r") == (mode == .terminal))
    }
  }

  @Test func durationsAndNumbers() {
    #expect(ProgressBar.duration(0.44) == "0.4 s")
    #expect(ProgressBar.duration(9.96) == "10 s")
    #expect(ProgressBar.duration(59.6) == "1:00")
    #expect(ProgressBar.duration(3_599.7) == "1:00:00")
    #expect(ProgressBar.duration(7_384) == "2:03:04")
    #expect(ProgressBar.duration(.infinity) == "–")
    #expect(ProgressBar.number(0) == "0.000")
    #expect(ProgressBar.number(-12.3456) == "-12.35")
    #expect(ProgressBar.number(123_456) == "123456")
    #expect(ProgressBar.number(12_345_678) == "1.235e+07")
    #expect(ProgressBar.number(-.infinity) == "-inf")
  }
}
