import InferenceProtocol
import Recurrent
import RecurrentTasks

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Forecaster: ServedJob {
  public static let route = "forecast"
  public static let members = [
    RequestMember(
      name: "values", type: "array",
      text: "The target, oldest first. Without it and csv, the rows that the model was trained on."),
    RequestMember(
      name: "covariates", type: "object",
      text: "For each column beside the target as many numbers as values."),
    RequestMember(
      name: "csv", type: "string",
      text:
        "A table with the columns of the training, in place of values: with times, several series, what is known ahead."
    ),
    RequestMember(
      name: "steps", type: "integer",
      text: "Rows to forecast, 1 to 100000; the model's horizon if not given."),
    RequestMember(
      name: "quantiles", type: "array",
      text: "Shares between 0 and 1, as 0.05: the values below which they should lie."),
    RequestMember(
      name: "samples", type: "integer", text: "Draw so many ways to go on, 1 to 1000."),
    RequestMember(name: "seed", type: "integer", text: "Where samples come from."),
  ]
  public var inputs: [TensorPort] {
    [TensorPort("values", .float64, [-1, -1, configuration.channels.count])]
  }
  public var outputs: [TensorPort] {
    ["forecast", "lower", "upper"].map { TensorPort($0, .float64, [-1, -1]) }
  }

  public func infer(_ requests: [InferRequest]) -> [Result<[WireTensor], RequestError>] {
    requests.map { request in
      Result { () throws(RequestError) in
        let steps = try request.parameterObject.integer("steps", in: 1...100_000)
        let input = try request.required("values", among: inputs)
        let all = try series(input)
        try check(rows: steps, of: all)
        var points: [[Point]] = []
        for series in all {
          points.append(
            try asked { () throws(DataError) in try forecast(after: series, steps: steps) }.points)
        }
        let shape = [points.count, points.first?.count ?? 0]
        return [
          WireTensor("forecast", doubles: points.flatMap { $0.map(\.value) }, shape: shape),
          WireTensor("lower", doubles: points.flatMap { $0.map(\.lower) }, shape: shape),
          WireTensor("upper", doubles: points.flatMap { $0.map(\.upper) }, shape: shape),
        ]
      }
    }
  }

  /// Throws if more rows are asked for than one request may.
  private func check(rows: Int?, of series: [Series]) throws(RequestError) {
    let rows = rows ?? options.horizon
    guard series.count <= 1_000_000 / max(1, rows) else {
      throw RequestError(
        .malformed,
        "\(rows) rows of \(series.count) series were asked for, expected at most 1000000 in one request."
      )
    }
  }

  /// The series of a tensor `[B, T, F]`; `[T]` and `[B, T]` are of the target alone.
  private func series(_ input: WireTensor) throws(RequestError) -> [Series] {
    let channels = configuration.channels
    let shape: (rows: Int, time: Int, features: Int)
    switch input.shape.count {
    case 1: shape = (1, input.shape[0], 1)
    case 2: shape = (input.shape[0], input.shape[1], 1)
    case 3: shape = (input.shape[0], input.shape[1], input.shape[2])
    default: shape = (0, 0, 0)
    }
    guard shape.features == channels.count else {
      throw RequestError(
        .malformed,
        "Input \"values\" has shape \(input.shape), expected [series, rows, \(channels.count)]: "
          + channels.joined(separator: ", ") + ".")
    }
    let numbers = try input.numbers
    var all: [Series] = []
    for row in 0..<shape.rows {
      func column(_ place: Int) -> [Double] {
        (0..<shape.time).map { numbers[(row * shape.time + $0) * shape.features + place] }
      }
      all.append(
        try asked { () throws(DataError) in
          try Series(
            values: column(0), targetName: channels[0],
            covariates: channels.indices.dropFirst().map {
              Covariate(name: channels[$0], values: column($0))
            }, source: "values")
        })
    }
    return all
  }

  public func answer(_ request: JSONValue, name: String) throws(RequestError) -> [UInt8] {
    let steps = try request.integer("steps", in: 1...100_000)
    let samples = try request.integer("samples", in: 1...1000) ?? 0
    let seed = try request.integer("seed", in: 0...Int.max) ?? 0
    let levels = try request.numbers("quantiles")
    if let levels, levels.count > 100 || !levels.allSatisfy({ $0 > 0 && $0 < 1 }) {
      throw request.problem("quantiles", "at most 100 numbers between 0 and 1")
    }
    let series = try series(request)
    try check(rows: steps, of: series)
    return try asked { () throws(DataError) in
      let (forecasts, _) = try forecasts(after: series, steps: steps)
      let drawn = forecasts.reduce(0) { $0 + $1.points.count } * samples
      guard drawn <= 10_000_000 else {
        throw DataError(
          file: "request",
          problem: "\(samples) samples of all rows are \(drawn) numbers, expected at most 10000000",
          advice: "Ask for fewer samples, steps or series")
      }
      let report = ForecastReport(
        self, forecasts, model: name, levels: levels, samples: samples, seed: UInt64(seed))
      return Array(try report.json.utf8)
    }
  }

  private func series(_ request: JSONValue) throws(RequestError) -> [Series] {
    if let csv = try request.string("csv") {
      return try asked { () throws(DataError) in
        try reading(csvText: csv, source: "csv", takesPlan: true).series
      }
    }
    guard let values = try request.numbers("values") else { return recent }
    var covariates: [Covariate] = []
    for name in configuration.channels.dropFirst() {
      guard let numbers = try (request["covariates"] ?? [:]).numbers(name) else {
        throw RequestError(.malformed, "Covariate \(quoted(name)) is missing.")
      }
      guard numbers.count == values.count else {
        throw RequestError(
          .malformed,
          "Covariate \(quoted(name)) has \(numbers.count) numbers, expected as many as values, \(values.count)."
        )
      }
      covariates.append(Covariate(name: name, values: numbers))
    }
    return [
      try asked { () throws(DataError) in
        try Series(
          values: values, targetName: configuration.channels[0], covariates: covariates,
          source: "values")
      }
    ]
  }
}
