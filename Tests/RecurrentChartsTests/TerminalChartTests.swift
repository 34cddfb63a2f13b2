import Recurrent
import Testing

@testable import RecurrentCharts

@Suite struct TerminalChartTests {
  private let chart = LineChart(
    title: "Loss", x: .number(label: "epoch"), yLabel: "error",
    lines: [
      .init("training", x: [0, 1, 2, 3, 4], y: [8, 4, 2, 1, 0], role: .training),
      .init("validation", x: [0, 1, 2, 3, 4], y: [8, 6, 5, .nan, 6], role: .validation),
    ],
    bands: [.init("range", x: [2, 4], lower: [3, 3], upper: [5, 5])],
    markers: [.init("best", x: 2)])

  @Test func plain() {
    #expect(
      chart.terminal(width: 32, height: 6, colour: false) == """
        Loss
        error
          │····          ┊
          │  ⠑········   ┊             ·
        5 ┤    ⠈⠢⢄    ····░░░░░░░░░░░░░░
          │       ⠉⠒⠢⠤⣀⡀ ░░░░░░░░░░░░░░░
          │            ⠈⠉⠒⠒⠤⠤⣀⣀⡀
        0 ┤              ┊     ⠈⠉⠉⠒⠒⠤⠤⢄⣀
          └─────────────────────────────
           0             2             4
        ⠒⠒ training   ·· validation
        ░░ range   ┊ best   → epoch
        """)
  }

  @Test func coloured() {
    let blue = "\u{1B}[38;5;33m"
    let red = "\u{1B}[38;5;202m"
    let end = "\u{1B}[0m"
    #expect(
      chart.terminal(width: 32, height: 6, colour: true) == """
        Loss
        error
          │\(red)⠲⣤⢄⡀\(end)          ┊
          │  \(blue)⠑\(red)⢌⡉⠒⠢⠤⢄⣀⣀\(end)   ┊             \(red)⠠\(end)
        5 ┤    \(blue)⠈⠢⢄\(end)    \(red)⠉⠉⠑⠒\(blue)░░░░░░░░░░░░░░\(end)
          │       \(blue)⠉⠒⠢⠤⣀⡀\(end) \(blue)░░░░░░░░░░░░░░░\(end)
          │            \(blue)⠈⠉⠒⠒⠤⠤⣀⣀⡀\(end)
        0 ┤              ┊     \(blue)⠈⠉⠉⠒⠒⠤⠤⢄⣀\(end)
          └─────────────────────────────
           0             2             4
        \(blue)⠒⠒\(end) training   \(red)⠒⠒\(end) validation
        \(blue)░░\(end) range   ┊ best   → epoch
        """)
  }

  @Test func noCodesWithoutColour() {
    let named = LineChart(
      title: "a\u{1B}[2Jb\nc", x: .time,
      lines: [.init("\u{1B}]0;x\u{7}", x: [0, 86_400], y: [1, 2])])
    let text = named.terminal(colour: false)
    #expect(!text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    #expect(text.split(separator: "\n").first == "a [2Jb c")
  }

  @Test(arguments: [30, 57, 80, 200], [3, 16])
  func keepsItsWidth(width: Int, height: Int) {
    let long = LineChart(
      title: String(repeating: "title ", count: 60), x: .time, yLabel: "y",
      lines: (0..<5).map { .init("line \($0) of the long names", x: [0, 1e9], y: [-1e7, 1e6]) })
    let lines = long.terminal(width: width, height: height, colour: false)
      .split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.map(\.count).max() ?? 0 <= width)
    #expect(lines.count { $0.contains("│") || $0.contains("┤") } == height)
  }
}
