import Recurrent

/// What answers need beside configuration and weights: what turns data into numbers and back, and
/// whatever else stands in files of its own in a model folder.
public protocol JobExtras: Sendable {
  /// The files, by names without folders.
  var files: [(name: String, bytes: [UInt8])] { get throws(DataError) }
}

/// Extras that are one JSON file.
public protocol JSONExtras: JobExtras, Codable {
  /// The file's name.
  static var file: String { get }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension JSONExtras {
  public var files: [(name: String, bytes: [UInt8])] {
    get throws(DataError) { [(Self.file, try encodeJSON(self, file: Self.file))] }
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Job where Extras: JSONExtras {
  public static func extras(
    in folder: ModelFolder.Contents<Configuration>
  ) throws(DataError) -> Extras { try folder.decoded(Extras.file) }
}

/// The extras of a job whose configuration says everything.
public struct NoExtras: JobExtras {
  /// Extras of nothing.
  public init() {}

  /// No files.
  public var files: [(name: String, bytes: [UInt8])] { [] }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Job where Extras == NoExtras {
  public static func extras(in folder: ModelFolder.Contents<Configuration>) -> NoExtras {
    NoExtras()
  }
}

extension ModelFolder.Contents {
  /// What an extra file says in JSON.
  ///
  /// - Throws: ``DataError`` if the model has no such file, or it says something else.
  public func decoded<Value: Decodable>(
    _ name: String, as type: Value.Type = Value.self
  ) throws(DataError) -> Value {
    try decodeJSON(type, from: try extraFile(name), file: path + "/" + name)
  }
}

extension Job {
  /// Writes the model folder, whole or not at all.
  ///
  /// - Parameter reports: files for people to be put beside the model; reading the model does not
  ///   look at them.
  /// - Throws: ``DataError`` if the folder cannot be written, or is there and is not a model
  ///   folder.
  public func save(
    to path: String, reports: [(name: String, bytes: [UInt8])] = []
  ) throws(DataError) {
    try save(to: path, reports: reports, largeReports: [])
  }

  /// Writes the model folder, with reports of which one part comes after the other.
  package func save(
    to path: String, reports: [(name: String, bytes: [UInt8])],
    largeReports: [(name: String, contents: FileContents)]
  ) throws(DataError) {
    try ModelFolder.write(
      to: path, task: Self.task, configuration: configuration,
      tensors: storedTensors,
      extraFiles: try extras.files, reports: reports, largeReports: largeReports)
  }

  /// The weights as they stand in the model folder: those of several networks by number.
  var storedTensors: [(name: String, tensor: StoredTensor)] {
    options.networks == nil ? model.storedTensors : models.storedTensors
  }

  /// The first rule that options break, or way in which the parts do not fit one another.
  static func firstProblem(_ configuration: Configuration, _ extras: Extras) -> String? {
    configuration.options.problem ?? problem(configuration, extras)
  }

  /// Reads a model folder.
  ///
  /// - Throws: ``DataError`` if it is missing, damaged, altered, or of another job.
  public init(contentsOf path: String) throws(DataError) {
    try self.init(ModelFolder.read(path, expecting: Self.task, as: Configuration.self))
  }

  /// Takes what a model folder holds.
  init(_ contents: ModelFolder.Contents<Configuration>) throws(DataError) {
    let path = contents.path
    let configuration = contents.configuration
    let extras = try Self.extras(in: contents)
    if let problem = Self.firstProblem(configuration, extras) {
      throw DataError(
        file: path + "/config.json", place: "configuration", problem: problem,
        advice: "Train the model again")
    }
    var shapes = ShapesOnly()
    var models = (0..<(configuration.options.networks ?? 1)).map { _ in
      Self.model(configuration, extras, using: &shapes)
    }
    if configuration.options.networks == nil {
      try models[0].load(from: contents.weights, of: "the model in config.json")
    } else {
      try models.load(from: contents.weights, of: "the model in config.json")
    }
    for (name, tensor) in models.flatMap(\.parameters)
    where !tensor.elements.allSatisfy({ $0.magnitude <= 1e18 }) {
      throw DataError(
        file: path + "/model.safetensors", place: "tensor \"\(name)\"",
        problem: "holds numbers beyond 10^18, from which sums of products are no numbers",
        advice: "The file is damaged, or its training ran away; train again")
    }
    if let said = configuration.rounding?.precision, said != models.weightPrecision {
      throw DataError(
        file: path + "/config.json", place: "configuration.rounding",
        problem: "says \(said.rawValue), but the recurrent weights are "
          + models.weightPrecision.rawValue, advice: "Quantize the model again")
    }
    self.init(JobParts(configuration: configuration, extras: extras, models: models))
  }
}
