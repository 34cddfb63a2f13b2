import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCharts

private let steps = (0..<50).map(Double.init)

@Suite struct LineChartSVGTests {
  @Test func holdsAllParts() throws {
    let chart = LineChart(
      title: "Prices", subtitle: "test part", x: .number(label: "day"), yLabel: "price (USD)",
      lines: [
        .init("actual", x: steps, y: steps.map { $0 * 2 + 10 }, role: .actual),
        .init("forecast", x: steps, y: steps.map { $0 * 2 + 12 }, style: .dashed, role: .forecast),
      ],
      bands: [
        .init(
          "80 % interval", x: steps, lower: steps.map { $0 * 2 }, upper: steps.map { $0 * 2 + 20 })
      ],
      markers: [.init("test part begins", x: 30)])
    let svg = chart.svg()
    let parsed = try ParsedSVG(svg)
    for text in [
      "Prices", "test part", "day", "price (USD)", "actual", "forecast", "80 % interval",
      "test part begins",
    ] {
      #expect(parsed.texts.contains(text))
    }
    #expect(parsed.texts[0] == "Prices")
    #expect(
      parsed.texts[1]
        == "Line chart of price (USD). actual: 50 values from 0 to 49, lowest 10, highest 108. "
        + "forecast: 50 values from 0 to 49, lowest 12, highest 110. Shaded: 80 % interval. "
        + "At 30: test part begins.")
    // Band, actual, forecast; more than 30 points have no dots.
    let strokes = parsed.elements.filter { $0.name == "path" }.map { $0.attributes["stroke"] }
    #expect(strokes == [nil, "#222222", "#0072b2"])
    #expect(parsed.count("circle") == 0)
    #expect(parsed.elements[0].attributes["viewBox"] == "0 0 960 480")
    #expect(svg == chart.svg())
    #expect(!svg.contains("<script") && !svg.contains("<style") && !svg.contains(" id="))
  }

  @Test func pointsLieWhereTheyBelong() throws {
    // With a fixed range the plot maps 0...4 to its width and 10...30 to its height.
    let chart = LineChart(
      title: "", x: .number(label: ""), yRange: 10...30,
      lines: [.init("", x: [0, 1, 4], y: [10, 30, 15])])
    let parsed = try ParsedSVG(chart.svg(width: 400, height: 300))
    let frame = try #require(parsed.elements.last { $0.name == "svg" }).attributes
    let left = try #require(frame["x"].flatMap(Double.init)) + 4
    let top = try #require(frame["y"].flatMap(Double.init)) + 4
    let width = try #require(frame["width"].flatMap(Double.init)) - 8
    let height = try #require(frame["height"].flatMap(Double.init)) - 8
    let circles = parsed.elements.filter { $0.name == "circle" }.map(\.attributes)
    let found = circles.map { [Double($0["cx"] ?? "") ?? -1, Double($0["cy"] ?? "") ?? -1] }
    let expected = [
      [left, top + height], [left + width / 4, top], [left + width, top + height * 0.75],
    ]
    #expect(found.count == 3)
    for (one, other) in paired(found, expected) {
      #expect(abs(one[0] - other[0]) <= 0.011 && abs(one[1] - other[1]) <= 0.011)
    }
  }

  @Test func equalRatiosAreEquallyFarApart() throws {
    // y = 3 x² is a straight line where both axes are logarithmic; 0 and -2 have no place there.
    let x: [Double] = [16, 64, 32, 1024, 0, -2]
    let chart = LineChart(
      title: "", x: .number(label: "units", scale: .log), yScale: .log,
      lines: [
        .init("", x: x, y: x.map { 3 * $0 * $0 }),
        .init("expected", x: [16, 1024], y: [500, 2e6], style: .dashed),  // not observed: no dots
      ])
    let axes = try #require(chart.axes())
    #expect(axes.x.range == 16...1024)
    let parsed = try ParsedSVG(chart.svg(width: 700, height: 400))
    let dots = parsed.elements.filter { $0.name == "circle" }.map { dot in
      ["cx", "cy"].compactMap { dot.attributes[$0].flatMap(Double.init) }
    }
    #expect(dots.count == 4)
    let (first, second, third, last) = (dots[0], dots[1], dots[2], dots[3])  // 16, 32, 64, 1024
    for axis in 0..<2 {
      #expect(abs((second[axis] - first[axis]) * 6 - (last[axis] - first[axis])) <= 0.07)
      #expect(abs((third[axis] - first[axis]) * 3 - (last[axis] - first[axis])) <= 0.04)
    }
    #expect(last[0] > third[0] + 300 && last[1] < third[1] - 150)
    for label in ["20", "50", "100", "200", "500", "1,000"] {
      #expect(parsed.texts.contains(label), "\(parsed.texts)")
    }
  }

  @Test func textIsEscaped() throws {
    let name = "a < b & \"c\" > 'd' \u{1B}[31m\u{0}"
    let chart = LineChart(
      title: name, subtitle: "]]>", x: .number(label: "<x>"), yLabel: "&amp;",
      lines: [.init(name, x: [1, 2], y: [3, 4])], markers: [.init("<m>", x: 1)])
    let svg = chart.svg()
    let parsed = try ParsedSVG(svg)
    #expect(parsed.texts[0] == "a < b & \"c\" > 'd' \u{FFFD}[31m\u{FFFD}")
    #expect(parsed.texts.contains("&amp;"))
    #expect(parsed.texts.contains("<x>"))
    #expect(parsed.texts.contains("<m>"))
    #expect(!svg.contains("\u{1B}"))
  }

  @Test func hundredThousandPointsMakeASmallFile() throws {
    let x = (0..<100_000).map(Double.init)
    let y = x.map { Double((Int($0) &* 7_919) % 1_009) }
    let svg = LineChart(title: "dense", x: .number(label: ""), lines: [.init("v", x: x, y: y)])
      .svg()
    let path = try #require(try ParsedSVG(svg).paths().first)
    let points = path.count { $0 == "L" } + 1
    #expect(points > 960 && points <= 2 * 960)
    #expect(svg.utf8.count < 30_000)
  }

  @Test func numbersHaveAtMostTwoDecimals() throws {
    let chart = LineChart(
      title: "", x: .number(label: ""), lines: [.init("v", x: steps, y: steps.map { $0 / 7 })])
    let parsed = try ParsedSVG(chart.svg(width: 533, height: 311))
    let values = parsed.elements.flatMap { Array($0.attributes.values) }
    #expect(values.allSatisfy { $0.firstMatch(of: /\.\d\d\d/) == nil })
    #expect(ChartNumbers.coordinate(-0.004) == "0")
    #expect(ChartNumbers.coordinate(-1.256) == "-1.26")
    #expect(ChartNumbers.coordinate(2.5) == "2.5")
    #expect(ChartNumbers.coordinate(2.05) == "2.05")
    #expect(ChartNumbers.coordinate(0.96, decimals: 1) == "1")
  }

  @Test func gapsBreakLinesAndLonelyPointsAreDots() throws {
    let y: [Double] = steps.map { [10, 11, 13].contains($0) ? .nan : $0 == 40 ? .infinity : $0 }
    let parsed = try ParsedSVG(
      LineChart(title: "", x: .number(label: ""), lines: [.init("v", x: steps, y: y)]).svg())
    let path = try #require(parsed.paths().first)
    #expect(path.count { $0 == "M" } == 3)  // 0...9, 14...39, 41...49
    #expect(parsed.count("circle") == 1)  // 12
  }

  @Test func pointsMayComeInAnyOrder() {
    let sorted = LineChart(
      title: "t", x: .number(label: ""), lines: [.init("v", x: [1, 2, 3], y: [5, 9, 7])])
    let shuffled = LineChart(
      title: "t", x: .number(label: ""), lines: [.init("v", x: [3, 1, 2], y: [7, 5, 9])])
    #expect(sorted.svg() == shuffled.svg())
  }

  @Test(arguments: [LineChart.Scale.linear, .log])
  func hostileValuesNeitherCrashNorShow(scale: LineChart.Scale) throws {
    let hostile: [Double] = [
      .nan, .infinity, -.infinity, 1.7e308, -1.7e308, 1e300, -1e300, .leastNonzeroMagnitude, 0,
      -0.0,
      1e-300, 1, 1 + .ulpOfOne, 1e18,
    ]
    for first in hostile {
      for second in hostile {
        for kind in [
          LineChart.XAxis.time, .number(label: "x"), .number(label: "x", scale: .log),
        ] {
          let chart = LineChart(
            title: "t", x: kind, yScale: scale,
            lines: [
              .init("v", x: [first, second], y: [second, first]),
              .init("w", x: [second, first, second], y: [first, first, first]),
            ],
            bands: [.init("b", x: [second, first], lower: [first, 1], upper: [second, first])],
            markers: [.init("m", x: first)])
          let svg = chart.svg(width: 300, height: 200)
          let parsed = try ParsedSVG(svg)
          let values = parsed.elements.flatMap { Array($0.attributes.values) } + parsed.texts
          for value in values {
            let lower = value.lowercased().replacingOccurrences(of: "line", with: "")
            #expect(
              !lower.contains("nan") && !lower.contains("inf"), "\(first), \(second): \(value)")
          }
          _ = chart.terminal(width: 40, height: 5, colour: false)
        }
      }
    }
  }

  @Test func withoutDataItSaysSo() throws {
    let charts = [
      LineChart(title: "t", x: .time, lines: []),
      LineChart(title: "t", x: .time, lines: [.init("v", x: [.nan], y: [1])]),
      LineChart(title: "t", x: .time, yScale: .log, lines: [.init("v", x: [1, 2], y: [0, -1])]),
      LineChart(
        title: "t", x: .time, lines: [.init("v", x: [], y: [])], markers: [.init("m", x: 1)]),
    ]
    for chart in charts {
      #expect(try ParsedSVG(chart.svg()).texts.contains("no data"))
      #expect(chart.terminal(colour: false) == "t\nno data")
    }
  }

  @Test func markerLabelsStayInsideThePlot() throws {
    let markers = (0..<50).map {
      LineChart.Marker("marker number \($0) with a label", x: Double($0))
    }
    for marker in markers {
      let chart = LineChart(
        title: "", x: .number(label: ""), lines: [.init("", x: steps, y: steps)], markers: [marker])
      let parsed = try ParsedSVG(chart.svg(width: 500, height: 250))
      let frame = try #require(parsed.elements.last { $0.name == "svg" }).attributes
      let left = try #require(frame["x"].flatMap(Double.init))
      let right = left + (try #require(frame["width"].flatMap(Double.init)))
      let label = try #require(
        parsed.elements.last {
          ["start", "end"].contains($0.attributes["text-anchor"]) && $0.name == "text"
        })
      let x = try #require(label.attributes["x"].flatMap(Double.init))
      let width = TextWidth.of(marker.label, size: 12)
      let isEnd = label.attributes["text-anchor"] == "end"
      #expect(isEnd ? x - width >= left && x <= right : x >= left && x + width <= right)
    }
  }

  @Test func noTwoLinesLookAlike() throws {
    let chart = LineChart(
      title: "", x: .number(label: ""),
      lines: (0..<10).map { .init("\($0)", x: steps, y: steps, style: $0 == 9 ? .dashed : .solid) })
    let looks = try ParsedSVG(chart.svg()).elements.filter { $0.name == "path" }.map {
      [$0.attributes["stroke"], $0.attributes["stroke-dasharray"]]
    }
    #expect(looks.count == 10)
    #expect(Set(looks).count == 10)
  }

  @Test func rolesDecideColours() {
    let colours = Palette.colours(for: [.forecast, .automatic, .actual, .automatic, .baseline])
    #expect(
      colours == [Palette.blue, Palette.vermillion, Palette.black, Palette.green, Palette.grey])
  }
}

@Suite struct BarChartTests {
  private let chart = BarChart(
    title: "Error", categories: ["1", "2", "3"], categoryLabel: "steps ahead", yLabel: "MAE (USD)",
    groups: [
      .init("LSTM", values: [1, 2, 4]),
      .init("last value", values: [3, .nan, -1], role: .baseline),
    ])

  @Test func barsStartAtZero() throws {
    let parsed = try ParsedSVG(chart.svg())
    let bars = parsed.elements.filter { $0.name == "rect" && $0.attributes["y"] != nil }.dropFirst(
      2)
    let heights = bars.compactMap { $0.attributes["height"].flatMap(Double.init) }
    // Three and two: a missing value has no bar.
    #expect(heights.count == 5)
    let unit = try #require(heights.first)
    for (height, value) in paired(heights, [1.0, 2, 4, 3, 1]) {
      #expect(abs(height - value * unit) <= 0.04)
    }
    let tops = bars.compactMap { $0.attributes["y"].flatMap(Double.init) }
    #expect(abs(tops[0] + unit - tops[4]) <= 0.02)  // the negative bar hangs from zero
    #expect(
      ["1.00", "4.00", "−1.00", "MAE (USD)", "steps ahead"].allSatisfy(parsed.texts.contains))
    #expect(
      parsed.texts[1]
        == "Bar chart of MAE (USD). LSTM: 3 bars from 1 to 4. last value: 2 bars from −1 to 3.")
  }

  @Test func hostileValues() throws {
    for value in [Double.nan, .infinity, 1.7e308, -1e300, 1e300, 5e-300, 0] {
      let chart = BarChart(
        title: "", categories: ["a", "b"], groups: [.init("g", values: [value, 0])])
      let svg = chart.svg(width: 200, height: 150)
      _ = try ParsedSVG(svg)
      #expect(!svg.contains("nan") && !svg.contains("inf\""))
    }
    let empty = BarChart(title: "", categories: [], groups: [])
    #expect(try ParsedSVG(empty.svg()).texts.contains("no data"))
  }
}

@Suite struct ChartGridTests {
  private func panel(_ factor: Double) -> LineChart {
    LineChart(
      title: "panel \(Int(factor))", x: .number(label: ""),
      lines: [.init("v", x: steps, y: steps.map { $0 * factor })])
  }

  @Test func panelsFillRows() throws {
    let grid = ChartGrid(
      title: "grid", columns: 2, panels: [.lines(panel(1)), .lines(panel(3)), .lines(panel(10))])
    let parsed = try ParsedSVG(grid.svg(width: 800, panelHeight: 200))
    #expect(parsed.elements[0].attributes["height"] == "438")
    #expect(["grid", "panel 1", "panel 3", "panel 10"].allSatisfy(parsed.texts.contains))
    // Own axes: the largest tick of each.
    #expect(["40", "150", "400"].allSatisfy(parsed.texts.contains))
  }

  @Test func sharedAxesAreEqual() throws {
    let grid = ChartGrid(columns: 2, sharesY: true, panels: [.lines(panel(1)), .lines(panel(10))])
    let texts = try ParsedSVG(grid.svg(width: 800, panelHeight: 200)).texts
    #expect(texts.count { $0 == "400" } == 2)
  }
}

@Suite struct HeatMapSVGTests {
  /// Names by both sides, a cell for each share that can be seen, as dark as it is large.
  @Test func holdsAllParts() throws {
    let map = HeatMap(
      title: "a <b>", columns: ["x", "y & z", "नमस्ते"], rows: ["one", "two"],
      shares: [[0.5, 0.001, 0.499], [0, 1, 0]])
    let svg = try ParsedSVG(map.svg())
    for text in ["a <b>", "x", "y & z", "नमस्ते", "one", "two"] {
      #expect(svg.texts.contains(text), "\(text) in \(svg.texts)")
    }
    let cells = svg.elements.filter { $0.attributes["fill-opacity"] != nil }
    #expect(cells.map { $0.attributes["fill-opacity"] } == ["0.5", "0.5", "1"])
    let (x, y) = (cells.map { $0.attributes["x"] }, cells.map { $0.attributes["y"] })
    #expect(y[0] == y[1] && y[1] != y[2] && Set(x).count == 3)
  }

  @Test func empty() throws {
    let svg = try ParsedSVG(HeatMap(title: "", columns: [], rows: [], shares: []).svg())
    #expect(svg.count("rect") == 2)
  }
}
