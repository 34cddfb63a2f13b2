extension TrainingHistory {
  /// Training and validation loss over epochs.
  public var chart: LineChart {
    let x = epochs.map { Double($0.epoch) }
    var lines = [LineChart.Line("training", x: x, y: epochs.map(\.loss), role: .training)]
    if epochs.contains(where: { $0.validationLoss != nil }) {
      let y = epochs.map { $0.validationLoss ?? .nan }
      lines.append(LineChart.Line("validation", x: x, y: y, role: .validation))
    }
    return LineChart(
      title: "Loss by epoch", x: .number(label: "epoch"), yLabel: "loss", yScale: .log,
      lines: lines)
  }
}
