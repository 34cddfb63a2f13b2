import Recurrent

extension ImageClassifier {
  /// The task's name in model folders.
  public static let task = "image-classifier"

  /// Writes the model folder, whole or not at all.
  ///
  /// - Parameter reports: files for people to be put beside the model; reading the model does not
  ///   look at them.
  /// - Throws: ``DataError`` if the folder cannot be written, or is there and is not a model
  ///   folder.
  public func save(
    to path: String, reports: [(name: String, bytes: [UInt8])] = []
  ) throws(DataError) {
    try ModelFolder.write(
      to: path, task: Self.task, configuration: configuration, tensors: model.storedTensors,
      reports: reports)
  }

  /// Reads a model folder.
  ///
  /// - Throws: ``DataError`` if it is missing, damaged, altered, or of another task.
  public init(contentsOf path: String) throws(DataError) {
    let contents = try ModelFolder.read(path, expecting: Self.task, as: Configuration.self)
    let configuration = contents.configuration
    if let problem = configuration.problem {
      throw DataError(
        file: path + "/config.json", place: "configuration", problem: problem,
        advice: "Train the model again")
    }
    var shapes = ShapesOnly()
    var model = ImageModel(configuration.shape, options: configuration.options, using: &shapes)
    try model.load(from: contents.weights, of: "the model in config.json")
    self.init(configuration: configuration, model: model)
  }
}

extension ImageClassifier.Configuration {
  /// The first way in which the parts do not fit one another, as a sentence; nil if they do. A
  /// configuration read from a file can say anything.
  var problem: String? {
    if let problem = options.problem { return problem }
    let sizes = [shape.height, shape.width, shape.channels]
    // Products of what is allowed stay far from overflow.
    if sizes.contains(where: { !(1...1 << 20).contains($0) }) {
      return "images of \(shape.height) × \(shape.width) × \(shape.channels)"
    }
    if shape.classes != classes.count || Set(classes).count != classes.count {
      return "\(classes.count) classes, of which \(Set(classes).count) differ, for a network of "
        + "\(shape.classes)"
    }
    if classes.count < 2 { return "\(classes.count) classes, expected at least 2" }
    if scale.means.count != shape.channels || scale.deviations.count != shape.channels {
      return "scales of \(scale.means.count) and \(scale.deviations.count) channels for images of "
        + "\(shape.channels)"
    }
    if let bad = scale.deviations.first(where: { !($0 > 0) }) {
      return "a deviation of \(bad), expected a positive number"
    }
    return evaluation?.confusion.problem
  }
}
