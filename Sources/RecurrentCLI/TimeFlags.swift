import ArgumentParser
import Recurrent
import RecurrentTasks

/// How the times of a table are to be read, where the evidence is not to decide.
struct TimeFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The order of the numbers of a date. (default: the one that makes the rows regular)",
      valueName: "order"))
  var dateOrder: TimeOptions.DateOrder?

  @Option(
    help: ArgumentHelp(
      "How times are written, as strptime takes it: \"%d.%m.%Y %H:%M\". (default: as the cells show)",
      valueName: "pattern"))
  var timeFormat: String?

  @Option(
    help: ArgumentHelp(
      "What whole numbers mean: parts of a date, days of a spreadsheet, a time since 1970, or "
        + "nothing (index). (default: what makes the rows regular)", valueName: "unit"))
  var timeUnit: TimeUnit?

  @Option(
    help: ArgumentHelp(
      "The zone whose clocks times without one were taken from: Europe/Berlin. (default: clocks "
        + "that never change)", valueName: "zone"))
  var timeZone: String?

  /// nil: no flag was given.
  var options: TimeOptions? {
    var options = TimeOptions()
    (options.dateOrder, options.pattern) = (dateOrder, timeFormat)
    (options.unit, options.zone) = (timeUnit, timeZone)
    return options == TimeOptions() ? nil : options
  }

  func validate() throws {
    if let problem = options?.problem { throw ValidationError(problem.capitalizedFirst + ".") }
  }

  /// The flags that were given, of commands that take models of any job.
  var flags: JobFlags {
    JobFlags(
      [TrainForecaster.self],
      [
        "--date-order": dateOrder != nil, "--time-format": timeFormat != nil,
        "--time-unit": timeUnit != nil, "--time-zone": timeZone != nil,
      ])
  }
}

extension TimeOptions.DateOrder: ExpressibleByArgument {}
extension TimeUnit: ExpressibleByArgument {}
