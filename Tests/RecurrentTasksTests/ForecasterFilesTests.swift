import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

struct ForecasterFilesTests {
  private func expectSame(_ a: Forecaster, _ b: Forecaster, after series: [Series]) throws {
    #expect(a.configuration == b.configuration)
    #expect(a.model.bits == b.model.bits)
    for series in series {
      let steps = series.covariates.isEmpty ? 7 : nil
      let (mine, its) = (
        try a.forecast(after: series, steps: steps), try b.forecast(after: series, steps: steps)
      )
      #expect(mine == its)
      #expect(
        mine.points.map(\.value.bitPattern) == its.points.map(\.value.bitPattern))
    }
    #expect(try a.evaluate(on: series) == b.evaluate(on: series))
    #expect(a.summary == b.summary)
  }

  static let variants: [@Sendable (inout ForecasterOptions) -> Void] = [
    { _ in }, { $0.cell = .gru }, { $0.cell = .rnn }, { $0.scaling = .minmax },
    { $0.scaling = .standard }, { $0.scaling = .none },
    {
      $0.loss = .quantile
      $0.quantiles = [0.1, 0.25, 0.5, 0.75, 0.9]
    },
    { $0.season = 4 }, { $0.testFraction = 0 }, { $0.validationFraction = 0 },
    // Every option of its own.
    {
      $0 = ForecasterOptions()
      $0.window = 9
      $0.horizon = 2
      $0.cell = .gru
      $0.hiddenSize = 4
      $0.layers = 3
      $0.dropout = 0.1
      $0.epochs = 3
      $0.batchSize = 11
      $0.learningRate = 0.0123
      $0.patience = 5
      $0.loss = .huber
      $0.quantiles = [0.2, 0.7]
      $0.scaling = .standard
      $0.testFraction = 0.21
      $0.validationFraction = 0.13
      $0.season = 6
      $0.seed = .max
    },
    { $0.scaling = .mean }, { $0.scaling = .level }, { $0.scaling = .magnitude },
    { $0.loss = .studentT }, { $0.loss = .normal },
    {
      $0.base = .auto
      $0.season = 2
      $0.moreSeasons = [4]
      $0.line = true
      $0.members = 2
    },
  ]

  @Test(arguments: variants.indices)
  func loadedForecastersAreTheSameToTheBit(variant: Int) throws {
    let options = tinyOptions(Self.variants[variant])
    let covariates = variant % 3
    let series = [
      try wavySeries(80, name: "a", covariates: covariates),
      try wavySeries(70, name: "b", covariates: covariates, seed: 4, level: 77),
    ]
    let columns = ForecastColumns(
      target: "value", time: "Day", covariates: series[0].covariates.map(\.name), series: "Name",
      missing: .forwardFill)
    let forecaster = try ForecastPlan(series, options: options, columns: columns).train()
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      let notes = [("notes.txt", Array("mine".utf8))]
      try forecaster.save(to: path, reports: notes)
      let loaded = try Forecaster(contentsOf: path)
      #expect(loaded.options == options)
      try expectSame(forecaster, loaded, after: series)
      #expect(loaded.recent.count == 2)
      for (mine, its) in paired(forecaster.recent, loaded.recent) {
        #expect(mine.times == its.times && mine.target == its.target && mine.name == its.name)
        #expect(mine.covariates == its.covariates)
        #expect(try forecaster.forecast(after: mine) == loaded.forecast(after: its))
      }
      #expect(loaded.history == TrainingHistory())
      #expect(try String(contentsOfFile: path + "/notes.txt", encoding: .utf8) == "mine")
      // What was read is written in the same bytes.
      try loaded.save(to: folder + "/again", reports: notes)
      for name in ["config.json", "model.safetensors", "recent.json"] {
        #expect(
          try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))
            == Data(contentsOf: URL(fileURLWithPath: folder + "/again/" + name)), "\(name)")
      }
    }
  }

  /// A base that is fitted on all rows keeps them: from those of the folder it is what it was.
  @Test(arguments: [ForecastBase.drift, .smoothing, .auto]) func basesOfKeptRows(
    base: ForecastBase
  ) throws {
    let series = try Series(values: (0..<90).map { 5 + Double($0 * $0) / 40 })
    let forecaster = try ForecastPlan([series], options: tinyOptions { $0.base = base }).train()
    try withTemporaryFolder { folder in
      try forecaster.save(to: folder + "/model")
      let loaded = try Forecaster(contentsOf: folder + "/model")
      #expect(loaded.recent[0].count == 90)
      let (kept, all) = (
        try loaded.forecast(after: loaded.recent[0], steps: 5),
        try forecaster.forecast(after: series, steps: 5)
      )
      #expect(kept.points == all.points)
    }
  }

  @Test func shapesOfNetworks() throws {
    for cell in CellKind.allCases {
      let options = tinyOptions {
        $0.cell = cell
        $0.loss = .quantile
        $0.layers = 3
      }
      let plan = try ForecastPlan([wavySeries(80, covariates: 2)], options: options)
      var shapes = ShapesOnly()
      try expectSameShapes(
        plan.model(), ForecastModel(features: 3, series: 0, options: options, using: &shapes))
    }
  }

  @Test func tensorsThatDoNotFitAreRefused() throws {
    let forecaster = try ForecastPlan([wavySeries(60)], options: tinyOptions()).train()
    let recent = Array("[]".utf8)
    func load(_ change: (inout [(name: String, tensor: StoredTensor)]) -> Void) throws {
      var tensors = forecaster.model.storedTensors
      change(&tensors)
      try withTemporaryFolder { folder in
        try ModelFolder.write(
          to: folder + "/model", task: Forecaster.task, configuration: forecaster.configuration,
          tensors: tensors, extraFiles: [("recent.json", recent)])
        _ = try Forecaster(contentsOf: folder + "/model")
      }
    }
    try load { _ in }
    let missing = try dataError { try load { $0.removeLast() } }
    #expect(
      missing.problem.contains("missing: \"head.bias\" [9]") || missing.problem.contains("[3]"))
    let extra = try dataError {
      try load { $0.append(("head.more", StoredTensor(shape: [1], values: [0]))) }
    }
    #expect(extra.problem.contains("not expected: \"head.more\""))
    let misshapen = try dataError {
      try load {
        let last = $0.count - 1
        $0[last].tensor = StoredTensor(shape: [1, 3], values: [0, 0, 0])
      }
    }
    #expect(misshapen.problem.contains("head.bias"))
    for bad in [Float.nan, .infinity, -.infinity] {
      let error = try dataError {
        try load {
          var values = $0[0].tensor.values
          values[2] = bad
          $0[0].tensor = StoredTensor(shape: $0[0].tensor.shape, values: values)
        }
      }
      #expect(error.place == "tensor \"recurrent.0.input_weights\"")
      #expect(error.problem.hasPrefix("element 2 is"))
    }
  }

  @Test func otherTasksAreRefused() throws {
    try withTemporaryFolder { folder in
      try ModelFolder.write(
        to: folder + "/model", task: "text-classifier", configuration: ["a": 1], tensors: [])
      let error = try dataError { _ = try Forecaster(contentsOf: folder + "/model") }
      #expect(error.problem == "is a text-classifier model, expected a forecaster model")
    }
  }
}
