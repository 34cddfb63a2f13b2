/// A place in a plot: both coordinates in pixels (or dots of a terminal).
struct PlotPoint: Equatable {
  var x: Double
  var y: Double
}

/// Thinning of dense data to what a picture can show.
enum Decimation {
  /// Splits points in ascending x into unbroken runs and keeps, of each column one pixel wide, only
  /// the lowest and the highest: at most two points a column, and no peak is lost.
  ///
  /// nil breaks the line, unless the line goes on in the same column, where no eye could see the
  /// gap.
  static func runs(_ points: some Sequence<PlotPoint?>) -> [[PlotPoint]] {
    var runs: [[PlotPoint]] = []
    var run: [PlotPoint] = []
    var column = Column()
    var isBroken = false
    for point in points {
      guard let point else {
        isBroken = true
        continue
      }
      let index = point.x.rounded(.down)
      if index == column.index {
        column.add(point)
      } else {
        run += column.points
        if isBroken, !run.isEmpty {
          runs.append(run)
          run = []
        }
        column = Column(index: index, first: point)
      }
      isBroken = false
    }
    run += column.points
    if !run.isEmpty { runs.append(run) }
    return runs
  }

  /// Intervals with fewer points: of each column the lowest lower end and the highest upper end.
  static func intervalRuns(
    _ intervals: some Sequence<(x: Double, lower: Double, upper: Double)?>
  ) -> [[(x: Double, lower: Double, upper: Double)]] {
    var runs: [[(x: Double, lower: Double, upper: Double)]] = []
    var isBroken = true
    var column = -Double.infinity
    for interval in intervals {
      guard let interval else {
        isBroken = true
        continue
      }
      let index = interval.x.rounded(.down)
      if index == column, let run = runs.indices.last, let last = runs[run].indices.last {
        runs[run][last].lower = min(runs[run][last].lower, interval.lower)
        runs[run][last].upper = max(runs[run][last].upper, interval.upper)
      } else if isBroken {
        runs.append([interval])
      } else {
        runs[runs.count - 1].append(interval)
      }
      column = index
      isBroken = false
    }
    return runs
  }

  /// What a column holds: its extremes, in the order they came.
  private struct Column {
    var index = -Double.infinity
    private var low: (order: Int, point: PlotPoint)?
    private var high: (order: Int, point: PlotPoint)?
    private var count = 0

    init() {}

    init(index: Double, first: PlotPoint) {
      self.index = index
      add(first)
    }

    mutating func add(_ point: PlotPoint) {
      if low.map({ point.y < $0.point.y }) ?? true { low = (count, point) }
      if high.map({ point.y > $0.point.y }) ?? true { high = (count, point) }
      count += 1
    }

    var points: [PlotPoint] {
      guard let low, let high else { return [] }
      if low.order == high.order { return [low.point] }
      return low.order < high.order ? [low.point, high.point] : [high.point, low.point]
    }
  }
}
