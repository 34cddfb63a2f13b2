import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// A model folder may come from anywhere.
///
/// Whatever its JSON says, reading it and using it ends in a result or in a
/// `DataError`, never in a trap, and takes no more memory than the files deserve.
struct HostileFilesTests {
  /// A saved model as text, and what happens when one of its files is replaced.
  private struct Folder {
    let path: String
    let configuration: String
    let recent: String

    init(_ path: String, _ options: ForecasterOptions, covariates: Int) throws {
      self.path = path
      let times = try TimeAxis(
        parsing: (0..<60).map { "\(2000 + $0 / 12)-" + ($0 % 12 < 9 ? "0" : "") + "\($0 % 12 + 1)" }
      )
      let series = [
        try wavySeries(60, name: "a", covariates: covariates, times: times),
        try wavySeries(50, name: "b", covariates: covariates, seed: 3),
      ]
      try ForecastPlan(series, options: options).train().save(to: path)
      configuration = try String(contentsOfFile: path + "/config.json", encoding: .utf8)
      recent = try String(contentsOfFile: path + "/recent.json", encoding: .utf8)
    }

    /// With a checksum of its own that fits.
    func replace(configuration: String) throws {
      try Data(ModelFolder.sealed(Array(configuration.utf8))).write(
        to: URL(fileURLWithPath: path + "/config.json"))
    }

    /// With a checksum that fits, so that the damage is not noticed by it.
    func replace(recent text: String) throws {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/recent.json"))
      try replace(
        configuration: configuration.replacing(
          checksumText(of: Array(recent.utf8)), with: checksumText(of: Array(text.utf8))))
    }

    /// Reads and uses the model: whether that came to an end without an error, which says
    /// what is wrong, and of reading in which of the files.
    func use() -> Bool {
      let forecaster: Forecaster
      do {
        forecaster = try Forecaster(contentsOf: path)
      } catch {
        #expect(error.file.hasPrefix(path) && !error.problem.isEmpty, "\(error)")
        return false
      }
      do {
        _ = forecaster.summary
        _ = forecaster.configuration.evaluation?.verdict
        for series in forecaster.recent {
          do {
            let steps = series.covariates.isEmpty ? forecaster.options.horizon + 1 : nil
            let forecast = try forecaster.forecast(after: series, steps: steps)
            let report = ForecastReport(forecaster, [forecast], model: path)
            _ = report.description
            let chart = forecast.chart(after: series)
            _ = chart.svg()
            _ = chart.terminal(height: 5, colour: false)
            _ = try report.json
            _ = try forecaster.evaluate(on: [series])
          } catch {
            #expect(!error.problem.isEmpty, "\(error)")
          }
        }
        let long = try Series(
          values: wavyValues(40), name: "a",
          covariates: forecaster.configuration.channels.dropFirst().map {
            Covariate(name: $0, values: wavyValues(40, seed: 8))
          })
        _ = try forecaster.evaluate(on: [long]).description
        return true
      } catch {
        #expect(!error.problem.isEmpty, "\(error)")
        return false
      }
    }
  }

  private static let options: [ForecasterOptions] = [
    tinyOptions {
      $0.horizon = 2
      $0.season = 4
      $0.epochs = 1
    },
    tinyOptions {
      $0.scaling = .minmax
      $0.horizon = 2
      $0.epochs = 1
    },
    tinyOptions {
      $0.loss = .quantile
      $0.scaling = .standard
      $0.horizon = 2
      $0.epochs = 1
    },
  ]

  @Test func valuesOutOfRangeAreRefused() throws {
    try withTemporaryFolder { folder in
      let model = try Folder(folder + "/model", Self.options[1], covariates: 1)
      #expect(model.use())
      let changes: [(String, String)] = [
        (#""window" : 8"#, #""window" : 1000000000"#), (#""window" : 8"#, #""window" : -8"#),
        (#""window" : 8"#, #""window" : 0"#), (#""horizon" : 2"#, #""horizon" : 3"#),
        (#""horizon" : 2"#, #""horizon" : 1000000"#), (#""layers" : 2"#, #""layers" : 1000000"#),
        (#""layers" : 2"#, #""layers" : 1"#), (#""hiddenSize" : 5"#, #""hiddenSize" : -5"#),
        (#""hiddenSize" : 5"#, #""hiddenSize" : 1000000"#),
        (#""hiddenSize" : 5"#, #""hiddenSize" : 6"#), (#""cell" : "lstm""#, #""cell" : "gru""#),
        (#""cell" : "lstm""#, #""cell" : "other""#), (#""loss" : "mse""#, #""loss" : "quantile""#),
        (#""batchSize" : 16"#, #""batchSize" : 0"#), (#""seed" : 7"#, #""seed" : -7"#),
        (#""formatVersion" : 2"#, #""formatVersion" : 3"#),
        (#""task" : "forecaster""#, #""task" : "else""#),
      ]
      for (old, new) in changes {
        #expect(model.configuration.contains(old), "\(old)")
        try model.replace(configuration: model.configuration.replacing(old, with: new))
        #expect(throws: DataError.self, "\(new)") { try Forecaster(contentsOf: model.path) }
      }
    }
  }

  @Test func partsThatDoNotFitOneAnotherAreRefused() throws {
    let forecaster = try ForecastPlan(
      [wavySeries(60, covariates: 1)], options: Self.options[1]
    ).train()
    let good = forecaster.configuration
    #expect(good.problem == nil)
    let changes: [(inout Forecaster.Configuration) -> Void] = [
      { $0.channels = [] }, { $0.calibration = nil },
      {
        $0.interval = [.init(lower: 0, upper: 1)]
        $0.calibration = nil
      },
      { $0.scales[""] = [] }, { $0.scales[""]?.removeLast() }, { $0.scales["other"] = [] },
      { $0.scales[""]?[0].scale = -1 },
      { $0.scales[""]?[0].scale = .nan },
      { configuration in
        configuration.evaluation = configuration.evaluation.map {
          ForecastEvaluation(
            windows: 1, model: $0.model, naive: .init(overall: $0.naive.overall, steps: []),
            seasonalNaive: nil, coverage: 1, nominalCoverage: 1)
        }
      },
    ]
    for (place, change) in changes.enumerated() {
      var bad = good
      change(&bad)
      #expect(bad.problem != nil, "change \(place)")
    }
  }

  @Test func recentRowsThatDoNotFitAreRefused() throws {
    try withTemporaryFolder { folder in
      let model = try Folder(folder + "/model", Self.options[0], covariates: 1)
      for text in [
        #"[{"channels": [], "times": {"seconds": [], "frequency": {"rows": {}}}}]"#,
        #"[{"channels": [[1]], "times": {"seconds": [1], "frequency": {"rows": {}}}}]"#,
        #"[{"channels": [[1], [1, 2]], "times": {"seconds": [1], "frequency": {"rows": {}}}}]"#,
        #"[{"channels": [[1], [1e19]], "times": {"seconds": [1], "frequency": {"rows": {}}}}]"#,
        #"[{"channels": [[1, 2], [1, 2]], "times": {"seconds": [2, 1], "frequency": {"rows": {}}}}]"#,
        "{}", "[1]", "",
      ] {
        try model.replace(recent: text)
        let error = try dataError { _ = try Forecaster(contentsOf: model.path) }
        #expect(error.file == model.path + "/recent.json", "\(text)")
      }
      try model.replace(
        recent:
          #"[{"channels": [[1], [2]], "times": {"seconds": [1], "frequency": {"rows": {}}}}]"#)
      #expect(try Forecaster(contentsOf: model.path).recent[0].count == 1)
      try model.replace(recent: "[]")
      #expect(try Forecaster(contentsOf: model.path).recent.isEmpty)
    }
  }

  private static let replacements = [
    "-1", "0", "1", "2", "1000000", "1000000000", "9223372036854775807", "-9223372036854775808",
    "18446744073709551615", "1e308", "-1e308", "1e-320", "0.5", "1e999", "null", "true",
    #""window""#, #""""#, "[]", "{}", "[[1]]",
  ]

  /// Numbers, strings and keys replaced, lines left out or doubled: one to three changes at a time.
  @Test(arguments: options.indices)
  func damagedFilesNeverTrap(variant: Int) throws {
    try withTemporaryFolder { folder in
      let model = try Folder(folder + "/model", Self.options[variant], covariates: variant % 2)
      var generator = SeededGenerator(seed: UInt64(variant))
      var survivors = 0
      for round in 0..<(isOptimized ? 600 : 60) {
        let changesRecent = round % 3 == 0
        var text = changesRecent ? model.recent : model.configuration
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
          text = Self.damaged(text, using: &generator)
        }
        if changesRecent {
          try model.replace(recent: text)
        } else {
          try model.replace(configuration: text)
        }
        survivors += model.use() ? 1 : 0
      }
      // Some damage is harmless and some is not: neither all nor none comes through.
      #expect(survivors > (isOptimized ? 10 : 0) && survivors < (isOptimized ? 300 : 60))
      try model.replace(recent: model.recent)
      #expect(model.use())
    }
  }

  /// Every number of the configuration, one by one.
  @Test(arguments: options.indices)
  func everyNumberMayBeAnything(variant: Int) throws {
    try withTemporaryFolder { folder in
      let model = try Folder(folder + "/model", Self.options[variant], covariates: 0)
      let numbers = model.configuration.ranges(of: /-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?/)
      let members = numbers.filter {
        !"\":".contains(model.configuration[model.configuration.index(before: $0.lowerBound)])
          && !model.configuration[..<$0.lowerBound].hasSuffix(":")
      }
      #expect(members.count > 30)
      for (place, range) in members.enumerated() where isOptimized || place % 24 == variant {
        for replacement in [
          Self.replacements[place % 6], Self.replacements[6 + place % 5], "-1e308", "1e308",
        ] {
          var text = model.configuration
          text.replaceSubrange(range, with: replacement)
          try model.replace(configuration: text)
          _ = model.use()
        }
      }
    }
  }

  private static func damaged(_ text: String, using generator: inout SeededGenerator) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let line = Int.random(in: 0..<lines.count, using: &generator)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: lines.remove(at: line)
    case 1: lines.insert(lines[line], at: line)
    case 2: lines[line] = lines[line].replacing(/"[a-zA-Z]/, with: "\"x")
    case 3: lines[line] = String(lines[line].dropLast(2))
    default:
      // The value of a member, or an element of a list.
      let parts = lines[line].split(separator: ":", maxSplits: 1).map(String.init)
      let comma = lines[line].hasSuffix(",") ? "," : ""
      let opens = lines[line].hasSuffix("{") || lines[line].hasSuffix("[")
      guard !opens, let replacement = replacements.randomElement(using: &generator) else { break }
      lines[line] = (parts.count == 2 ? parts[0] + ": " : "") + replacement + comma
    }
    return lines.joined(separator: "\n")
  }
}
