import RecurrentFiles

/// A trained model on disk: a folder with `config.json`, `model.safetensors` and, if the task needs
/// them, more files.
///
/// `config.json` is an envelope: which task the model is for, which version of this library and of
/// the format wrote it, the checksum of each other file and its own, and under `configuration`
/// whatever the task needs to build the model again. Folders are written whole or not at all: a
/// process that is killed at any moment leaves the old model or the new one, which may then lie in
/// `.recurrent-new` within the folder until the next write. A folder in which a file was altered,
/// damaged or exchanged is not read.
///
/// ```swift
/// try ModelFolder.write(
///   to: "model", task: "forecaster", configuration: configuration, tensors: tensors)
/// let model = try ModelFolder.read("model", expecting: "forecaster", as: Configuration.self)
/// ```
public enum ModelFolder {
  /// The version of the folder's layout that this library writes; it reads this one and those
  /// before it.
  public static let formatVersion = 2

  /// The most bytes of `config.json`, and of each file beside it but the weights.
  static let largestText = 1 << 28

  static let configurationFile = "config.json"
  package static let weightsFile = "model.safetensors"

  /// What the envelope tells about a model, without its configuration and weights.
  public struct Summary: Sendable, Equatable, Codable {
    /// What the model is for: `forecaster`, `text-classifier`.
    public var task: String
    /// Version of the folder's layout.
    public var formatVersion: Int
    /// Version of the library that wrote the folder.
    public var libraryVersion: String
    /// The checksum of each file beside `config.json`, by name.
    public var files: [String: String]
    /// The names of files for people that were written with it; nil: an older version wrote the
    /// folder and did not say.
    public var reports: [String]?
  }

  /// A model folder, read and checked.
  public struct Contents<Configuration> {
    /// The folder, as the caller named it.
    public var path: String
    /// The envelope's summary: task, versions, checksums.
    public var summary: Summary
    /// What the task stored to build its model again.
    public var configuration: Configuration
    /// The weights.
    public var weights: SafetensorsFile
    /// The files beside `config.json` and `model.safetensors`, by name.
    public var extraFiles: [String: [UInt8]]

    /// The contents of a model that lies in the folder of another.
    package init(
      path: String, summary: Summary, configuration: Configuration, weights: SafetensorsFile,
      extraFiles: [String: [UInt8]]
    ) {
      (self.path, self.summary, self.configuration) = (path, summary, configuration)
      (self.weights, self.extraFiles) = (weights, extraFiles)
    }

    /// The extra file `name`.
    ///
    /// - Throws: ``DataError`` if the model has no such file.
    public func extraFile(_ name: String) throws(DataError) -> [UInt8] {
      if let bytes = extraFiles[name] { return bytes }
      throw DataError(
        .missingFile, file: path, place: "config.json",
        problem: "the model has no file \(quoted(name))")
    }
  }
}

extension ModelFolder.Contents: Sendable where Configuration: Sendable {}
