import ArgumentParser
import Recurrent
import RecurrentTasks

/// What is forecast, and on what scale.
struct ForecastOptionsGroup: ParsableArguments {
  @Option(help: ArgumentHelp("Rows the network looks back.", valueName: "rows"))
  var window = ForecasterOptions().window

  @Option(help: ArgumentHelp("Rows it forecasts at once.", valueName: "rows"))
  var horizon = ForecasterOptions().horizon

  @Option(
    help: ArgumentHelp(
      "Rows in a season, as 12 for monthly data, or in several, as 24,168 for hours; none. (default: what the "
        + "training rows show)", valueName: "rows"))
  var season: SeasonList?

  @Option(
    help: ArgumentHelp(
      "How values are scaled. (default: window, for counts magnitude)", valueName: "method"))
  var scaling: ScalingMethod?

  @Option(
    help: ArgumentHelp(
      "What is done to the target before, and undone behind the network: auto takes logarithms where "
        + "the spread of a series grows with its level; its forecasts are then above zero. "
        + "(default: none)", valueName: "method"))
  var transform: ValueTransform?

  @Option(
    help: ArgumentHelp(
      "The forecast that the network corrects: the last value, the last season, the mean of several seasons, "
        + "a drift, a smoothing of all rows, auto, for each series the best of these on its training rows, or "
        + "learned, a smoothing of the window whose coefficients are learned. (default: last or season for all)",
      valueName: "forecast"))
  var base: ForecastBase?

  @Option(
    help: ArgumentHelp(
      "Whether the network sees the hour, weekday and day of the year, where times are dates: auto or none. "
        + "(default: auto)", valueName: "what"))
  var calendar: CalendarFeatures?

  @Option(
    help:
      "What training minimizes: an error of the forecast; the pinball loss of --quantiles; or -log likelihood of a distribution of each value: normal, student-t where there are outliers, negative-binomial and zero-inflated for counts."
  )
  var loss = ForecasterOptions().loss

  @Option(help: ArgumentHelp("What --loss quantile forecasts.", valueName: "numbers"))
  var quantiles = NumberList(numbers: ForecasterOptions().quantiles)

  @Option(
    help: ArgumentHelp(
      "Which rows tell how far forecasts are off: validation, that part alone; folds, also parts of the training "
        + "rows, each held out from a training of its own (up to 5 more trainings); or auto, folds where the "
        + "validation part is shorter than 10 horizons. (default: auto)",
      valueName: "rows"))
  var calibration: CalibrationRows?

  func validate() throws {
    if loss != .quantile, quantiles.numbers != ForecasterOptions().quantiles {
      throw ValidationError("--quantiles are forecast with --loss quantile; give both.")
    }
    if loss == .quantile, quantiles.numbers.count < 2 {
      throw ValidationError(
        "--quantiles are at least two, as 0.1,0.5,0.9: the first and the last are the ends of the interval."
      )
    }
  }

  func apply(to options: inout ForecasterOptions) {
    options.window = window
    options.horizon = horizon
    options.season = season?.rows.first
    options.moreSeasons = season.flatMap { $0.rows.count > 1 ? Array($0.rows.dropFirst()) : nil }
    options.findsSeasons = season == nil
    options.scaling = scaling ?? (loss.isOfCounts ? .magnitude : .window)
    options.base = base
    options.calibration = calibration ?? .auto
    options.calendar = calendar ?? .auto
    options.transform = transform == ValueTransform.none ? nil : transform
    options.loss = loss
    options.quantiles = quantiles.numbers
  }
}

/// What else the network of a forecaster is.
struct ForecastNetworkOptions: ParsableArguments {
  @Option(
    name: .customLong("model"),
    help: ArgumentHelp(
      "What the recurrent layers go over: each row of the window, or segments of it, from which all "
        + "segments of the horizon are said at once. (default: rows)", valueName: "what"))
  var steps: ForecastSteps?

  @Option(
    help: ArgumentHelp(
      "Rows of a segment. (default: the season, or an eighth of the window)", valueName: "rows"))
  var segment: Int?

  @Flag(
    help:
      "Put a straight line from the window to the horizon beside the recurrent layers; it begins at a ridge regression."
  )
  var line = false

  @Flag(help: "Give each series a vector of its own, with --model segments.")
  var seriesVectors = false

  @Flag(
    help:
      "Take series too short for a window too: their first value stands where rows are missing before it."
  )
  var pad = false

  @Option(
    help: ArgumentHelp(
      "Windows that an epoch draws, where there are many. (default: all)", valueName: "count"))
  var windowsPerEpoch: Int?

  @Option(
    name: [.customLong("ensemble"), .customLong("members")],
    help: ArgumentHelp("Networks whose forecasts are averaged. (default: 1)", valueName: "count"))
  var members: Int?

  @Option(
    help: ArgumentHelp(
      "Dropout of the hidden state inside the recurrent product, one mask for all steps.",
      valueName: "share"))
  var recurrentDropout: Float = 0

  @Option(
    help: ArgumentHelp(
      "The share of hidden units that keep their old value for a step.", valueName: "share"))
  var zoneout: Float = 0

  @Option(
    help: ArgumentHelp(
      "Memory that training may use, such as 512MB: what does not fit is computed again.",
      valueName: "bytes"))
  var memoryLimit: ByteCount?

  func apply(to options: inout ForecasterOptions) {
    if recurrentDropout != 0 || zoneout != 0 {
      options.recurrent = RecurrentOptions(recurrentDropout: recurrentDropout, zoneout: zoneout)
    }
    options.memoryLimit = memoryLimit?.bytes
    (options.steps, options.segment) = (steps, segment)
    options.line = line ? true : nil
    options.seriesVectors = seriesVectors ? true : nil
    options.windowsPerEpoch = windowsPerEpoch
    options.pads = pad ? true : nil
    options.members = members
  }
}

/// How many threads work; no result depends on it.
struct ThreadOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Threads that work. (default: one for each processor)", valueName: "count"))
  var threads: Int?

  func validate() throws {
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads is between 1 and 1024, not \(threads).")
    }
  }
}

/// A command that computes, on as many threads as its user says.
protocol ThreadedCommand: ParsableCommand {
  var threads: ThreadOptions { get }
}

/// A number of bytes: `500000`, `64kB`, `512MB`, `1.5GB`, `256MiB`, `2GiB`.
struct ByteCount: ExpressibleByArgument {
  let bytes: Int

  init?(argument: String) {
    let units: [(String, Double)] = [
      ("KIB", 1024), ("MIB", 1_048_576), ("GIB", 1_073_741_824), ("KB", 1e3), ("MB", 1e6),
      ("GB", 1e9), ("TB", 1e12), ("B", 1), ("", 1),
    ]
    let text = argument.uppercased()
    guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }),
      let number = Double(text.dropLast(unit.count)), number > 0, number * factor < 1e18
    else { return nil }
    bytes = Int(number * factor)
  }
}

/// Rows of seasons separated by commas, or `none`.
struct SeasonList: ExpressibleByArgument {
  let rows: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    rows = argument == "none" ? [] : parts.compactMap { Int($0) }.sorted()
    if argument != "none", rows.count != parts.count { return nil }
  }
}

/// Names separated by commas.
struct NameList: ExpressibleByArgument {
  let names: [String]

  init?(argument: String) {
    names = argument.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingPrefix { $0 == " " }.description
    }
    if names.contains("") { return nil }
  }
}

/// Numbers separated by commas.
struct NumberList: ExpressibleByArgument, CustomStringConvertible {
  let numbers: [Float]

  init(numbers: [Float]) { self.numbers = numbers }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    numbers = parts.compactMap { Float($0) }
    if numbers.count != parts.count { return nil }
  }

  /// The quantile levels as doubles with the decimals that were written.
  var levels: [Double] { numbers.map { Double("\($0)") ?? Double($0) } }

  var description: String { numbers.map { "\($0)" }.joined(separator: ",") }
  var defaultValueDescription: String { description }
}

extension CellKind: ExpressibleByArgument {}
extension ScalingMethod: ExpressibleByArgument {}
extension ValueTransform: ExpressibleByArgument {}
extension ForecastBase: ExpressibleByArgument {}
extension CalendarFeatures: ExpressibleByArgument {}
extension CalibrationRows: ExpressibleByArgument {}
extension ForecastSteps: ExpressibleByArgument {}
extension ForecastRefit: ExpressibleByArgument {}
extension ForecastLoss: ExpressibleByArgument {}
extension MissingValues: ExpressibleByArgument {}
extension ProgressMode: ExpressibleByArgument {}
