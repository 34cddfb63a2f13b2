import RecurrentCharts
import RecurrentCore

extension TrainingHistory {
  /// Training and validation loss over epochs, with a mark at the epoch whose weights were kept and
  /// the number that chose it.
  public var chart: LineChart {
    var lines = [line("training", role: .training) { $0.loss }]
    if epochs.contains(where: { $0.validationLoss != nil }) {
      lines.append(line("validation", role: .validation) { $0.validationLoss })
    }
    return LineChart(
      title: "Loss by epoch", x: .number(label: "epoch"), yLabel: "loss", yScale: .log,
      lines: lines, markers: kept.map { [$0] } ?? [])
  }

  /// The score that judged each epoch, with the same mark; nil where the loss judged.
  public var scoreChart: LineChart? {
    guard let name = best?.score?.title else { return nil }
    return LineChart(
      title: "\(name.prefix(1).uppercased())\(name.dropFirst()) by epoch",
      x: .number(label: "epoch"), yLabel: name,
      lines: [line(name, role: .validation) { $0.score?.value }],
      markers: kept.map { [LineChart.Marker("epoch \(Int($0.x)) was kept", x: $0.x)] } ?? [])
  }

  /// The text of an SVG file: the chart of the loss and, below it, that of the score, if one judged.
  public var svg: String {
    guard let scoreChart else { return chart.svg() }
    return ChartGrid(panels: [.lines(chart), .lines(scoreChart)]).svg()
  }

  private func line(
    _ name: String, role: ChartRole, _ value: (EpochRecord) -> Double?
  ) -> LineChart.Line {
    LineChart.Line(
      name, x: epochs.map { Double($0.epoch) }, y: epochs.map { value($0) ?? .nan }, role: role)
  }

  /// Without a judge the last epoch is kept, which needs no mark.
  private var kept: LineChart.Marker? {
    guard let best, best.score != nil || best.validationLoss != nil else { return nil }
    let number = ProgressBar.number(best.score?.value ?? best.validationLoss ?? best.loss)
    return LineChart.Marker(
      "epoch \(best.epoch) was kept: \(best.judge) \(number)", x: Double(best.epoch))
  }
}

extension EpochRecord {
  /// The metric that judges the epoch, in words.
  package var judge: String {
    score?.title ?? (validationLoss == nil ? "training loss" : "validation loss")
  }
}

extension EpochScore {
  /// The metric's name in words: `validation F1`.
  public var title: String {
    name.split(separator: "_").map { $0 == "f1" ? "F1" : String($0) }.joined(separator: " ")
  }
}
