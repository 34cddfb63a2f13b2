import Recurrent

extension Composer {
  /// The task's name in model folders.
  public static let task = "composer"
  private static let baselineFile = "baselines.json"

  /// Writes the model folder, whole or not at all.
  ///
  /// - Parameter reports: files for people to be put beside the model.
  /// - Throws: ``DataError`` if the folder cannot be written, or is there and is not a model
  ///   folder.
  public func save(
    to path: String, reports: [(name: String, bytes: [UInt8])] = []
  ) throws(DataError) {
    try ModelFolder.write(
      to: path, task: Self.task, configuration: configuration, tensors: model.storedTensors,
      extraFiles: [(Self.baselineFile, try encodeJSON(baselines, file: Self.baselineFile))],
      reports: reports)
  }

  /// Reads a model folder.
  ///
  /// - Throws: ``DataError`` if it is missing, damaged, altered, or of another task.
  public init(contentsOf path: String) throws(DataError) {
    let contents = try ModelFolder.read(path, expecting: Self.task, as: Configuration.self)
    let configuration = contents.configuration
    let options = configuration.options
    if let problem = options.problem {
      throw DataError(
        file: path + "/config.json", place: "configuration", problem: problem,
        advice: "Train the model again")
    }
    var shapes = ShapesOnly()
    var model = ComposerModel(options, using: &shapes)
    try model.load(from: contents.weights, of: "the model in config.json")
    let file = path + "/" + Self.baselineFile
    let baselines = try decodeJSON(
      Baselines.self, from: try contents.extraFile(Self.baselineFile), file: file)
    let events = MusicEvents(stepsPerBeat: options.stepsPerBeat)
    for baseline in [baselines.markov, baselines.marginal] {
      if let problem = baseline.problem(kind: options.kind, events: events) {
        throw DataError(file: file, problem: problem, advice: "Train the model again")
      }
    }
    self.init(configuration: configuration, model: model, baselines: baselines)
  }

  /// All but the weights' values, as text.
  public var summary: String {
    let lines = [
      "trained on  \(configuration.trainedOn)", options.summary,
      "grid        \(options.stepsPerBeat) steps a beat; transposed by up to \(options.transpose) semitones",
      "training    Adam \(options.learningRate), seed \(options.seed); \(configuration.epochs) epochs, weights of epoch \(configuration.bestEpoch)"
        + (options.averaging.map { ", averaged over steps (decay \($0))" } ?? ""),
      "",
    ]
    return lines.joined(separator: "\n")
      + "\(TextTable(parametersOf: model))\n\nOn the test part:\n\(report)"
  }
}
