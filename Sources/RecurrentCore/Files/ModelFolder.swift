import RecurrentFiles

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

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
    /// What the envelope tells.
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

extension ModelFolder {
  /// Writes a model folder: whole or not at all.
  ///
  /// If `path` is a model folder already, the files that were written with that model are replaced
  /// or go, and others are kept. Folders on the way are created. The same arguments give the same
  /// bytes.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - task: What the model is for; reading asks for it again.
  ///   - configuration: All that is needed to build the model again, but for its tensors.
  ///   - tensors: The weights; names are unique.
  ///   - integers: Whole numbers among the weights, such as step counts.
  ///   - extraFiles: More files, such as a vocabulary; names without folders.
  ///   - reports: Files for people, written with the model; reading does not look at them.
  /// - Throws: ``DataError`` if `path` is something else than a model folder or cannot be written,
  ///   or if `configuration` holds a number that is not finite, which JSON cannot say.
  public static func write(
    to path: String, task: String, configuration: some Encodable,
    tensors: [(name: String, tensor: StoredTensor)],
    integers: [(name: String, tensor: StoredIntegers)] = [],
    extraFiles: [(name: String, bytes: [UInt8])] = [],
    reports: [(name: String, bytes: [UInt8])] = []
  ) throws(DataError) {
    let weights = SafetensorsFile.encode(tensors, integers: integers)
    let files = [(name: weightsFile, bytes: weights)] + extraFiles
    require(
      Set((files + reports).map(\.name) + [configurationFile]).count == files.count + reports.count
        + 1,
      "extra files have names of their own: \(extraFiles.map(\.name))")
    let summary = Summary(
      task: task, formatVersion: formatVersion, libraryVersion: LibraryVersion.current,
      files: Dictionary(uniqueKeysWithValues: files.map { ($0.name, checksumText(of: $0.bytes)) }),
      reports: reports.isEmpty ? nil : reports.map(\.name).sorted())
    let envelope = sealed(
      try encodeJSON(
        Envelope(summary: summary, checksum: Checksum.blank, configuration: configuration),
        file: path + "/" + configurationFile))
    for (name, bytes) in extraFiles + [(configurationFile, envelope)]
    where bytes.count > largestText {
      throw DataError(
        .unwritable, file: path + "/" + name,
        problem: "is \(bytes.count) bytes large, expected \(largestText) or less")
    }
    let former = try checkOwner(of: path)
    let all = files + reports + [(configurationFile, envelope)]
    let going = former.map(ownFiles) ?? []
    try writeFolderAtomically(
      to: path, files: all, removing: going.subtracting(all.map(\.name)).sorted(),
      marker: configurationFile)
  }

  /// The files beside `config.json` that were written with a model.
  private static func ownFiles(of summary: Summary) -> Set<String> {
    // The names that versions wrote which did not list them.
    let older = [
      "history.csv", "loss.svg", "run.json", "forecast.csv", "forecast.svg", "mistakes.svg",
      "example.png",
    ]
    return Set(
      (summary.files.keys + (summary.reports ?? older)).filter { name in
        isFileName(name) && !name.hasPrefix(temporaryPrefix) && !name.contains("\n")
      })
  }

  /// Writes a model by `save`, to `path` or, if that fails, to another place: hours of training must
  /// not be lost to a full disk.
  ///
  /// ```swift
  /// try ModelFolder.saveSomewhere("model") { path throws(DataError) in try model.save(to: path) }
  /// ```
  ///
  /// The other places are `model.2` (or the first number that is free) beside `path` and in the
  /// folder for temporary files.
  ///
  /// - Throws: What kept the model from `path`; the advice says where the model is, if it is
  ///   anywhere.
  public static func saveSomewhere(
    _ path: String, _ save: (String) throws(DataError) -> Void
  ) throws(DataError) {
    do {
      try save(path)
    } catch {
      for other in placesBeside(path) {
        do {
          try save(other)
        } catch { continue }
        var error = error
        error.advice = "The model was written to \(other) instead"
        throw error
      }
      throw error
    }
  }

  /// Checks that a model could be written to `path`: to be called before hours of training, not
  /// after.
  ///
  /// - Throws: ``DataError`` if something else than a model folder is there, another training is
  ///   writing to it, or no file can be created in it.
  public static func checkDestination(_ path: String) throws(DataError) {
    _ = try startRun(path)
  }

  /// The run folder of a training that will write to `path`, which is checked as
  /// ``checkDestination(_:)`` does.
  package static func startRun(_ path: String) throws(DataError) -> RunFolder {
    try checkOwner(of: path)
    return try RunFolder(for: path)
  }

  /// Checks that nothing of others is at `path`: it is a model folder, holds nothing but what a run
  /// left, or is not there. What the model's envelope tells, if there is one.
  @discardableResult
  private static func checkOwner(of path: String) throws(DataError) -> Summary? {
    let names = try contentsOfDestination(path)
    var bytes: [UInt8] = []
    let problem: String
    do {
      bytes = try readFolderFile(configurationFile, in: path, limit: largestText)
      return try decodeJSON(Summary.self, from: bytes, file: configurationFile)
    } catch let error where error.kind == .missingFile {
      if names.isEmpty { return nil }
      problem = "it holds no \(configurationFile)"
    } catch {
      let members = try? decodeJSON([String: Anything].self, from: bytes, file: configurationFile)
      let found = (members ?? [:]).keys.sorted().prefix(5).map(quoted).joined(separator: ", ")
      var error = error
      error.advice = nil
      problem = "\(error)".dropLast() + (found.isEmpty ? "" : "; it holds \(found)")
    }
    throw DataError(
      .unwritable, file: path, problem: "exists and is not a model folder: \(problem)",
      advice: "Choose another folder, or empty this one")
  }

  /// Reads a model folder and checks it.
  ///
  /// - Parameters:
  ///   - path: The folder.
  ///   - task: The task the model must be for.
  ///   - configuration: The type that was given when the folder was written.
  /// - Throws: ``DataError`` if the folder or a file is missing, broken or altered, if the model is
  ///   for another task, or if a newer version of this library wrote it.
  public static func read<Configuration: Decodable>(
    _ path: String, expecting task: String,
    as configuration: Configuration.Type = Configuration.self
  ) throws(DataError) -> Contents<Configuration> {
    let (summary, bytes) = try readSummary(path)
    do {
      return try read(path, summary, bytes, expecting: task)
    } catch {
      // Another process may have replaced the folder in between: a model that is served while it is
      // trained again.
      guard let now = try? readConfigurationFile(path), now != bytes else { throw error }
      return try read(path, expecting: task)
    }
  }

  private static func read<Configuration: Decodable>(
    _ path: String, _ summary: Summary, _ bytes: [UInt8], expecting task: String
  ) throws(DataError) -> Contents<Configuration> {
    guard summary.task == task else {
      throw DataError(
        file: path, problem: "is a \(summary.task) model, expected a \(task) model",
        advice: "Use it with the commands for \(summary.task) models; "
          + "`recurrent inspect \(path)` shows what it holds")
    }
    let envelope = try decodeJSON(
      Envelope<Configuration>.self, from: bytes, file: path + "/" + configurationFile)
    guard summary.files[weightsFile] != nil else {
      throw DataError(
        file: path + "/" + configurationFile, place: "files",
        problem: "names no \(weightsFile), expected its checksum")
    }
    var files: [String: [UInt8]] = [:]
    for (name, expected) in summary.files.sorted(by: { $0.key < $1.key }) {
      files[name] = try readChecked(
        name, in: path, limit: name == weightsFile ? memorySize : largestText, checksum: expected)
    }
    let weights = files.removeValue(forKey: weightsFile) ?? []
    return Contents(
      path: path, summary: summary, configuration: envelope.configuration,
      weights: try SafetensorsFile(bytes: weights, source: path + "/" + weightsFile),
      extraFiles: files)
  }

  /// What the model folder at `path` is for; see ``peek(_:)``.
  public static func peekTask(_ path: String) throws(DataError) -> String { try peek(path).task }

  /// What the envelope of the model folder at `path` tells; weights are not read.
  ///
  /// - Throws: ``DataError`` if `path` is no model folder, or a newer version of this library wrote
  ///   it.
  public static func peek(_ path: String) throws(DataError) -> Summary {
    try readSummary(path).summary
  }

  private static func readSummary(
    _ path: String
  ) throws(DataError) -> (summary: Summary, bytes: [UInt8]) {
    let bytes = try readConfigurationFile(path)
    let file = path + "/" + configurationFile
    // The version first: a newer layout may differ in everything else.
    let seal = try decodeJSON(Seal.self, from: bytes, file: file)
    let version = seal.formatVersion
    guard version >= 1, version <= formatVersion else {
      throw DataError(
        file: file, place: "formatVersion",
        problem: "found \(version), expected \(formatVersion) or less",
        advice:
          "The model was written by a newer version of Recurrent than \(LibraryVersion.current); "
          + "update, or train the model again")
    }
    // The first version had no checksum.
    if seal.checksum != nil || version > 1 {
      let found = checksum(ofConfiguration: bytes).text
      guard let expected = seal.checksum else {
        throw DataError(file: file, problem: "expected a member \(quoted("checksum"))")
      }
      guard found == expected else { throw altered(file, found: found, expected: expected) }
    }
    return (try decodeJSON(Summary.self, from: bytes, file: file), bytes)
  }

  /// `config.json` with the checksum of its own that belongs to it.
  package static func sealed(_ bytes: [UInt8]) -> [UInt8] {
    let (place, text) = checksum(ofConfiguration: bytes)
    guard let place else { return bytes }
    return bytes[..<place.lowerBound] + Array(text.utf8) + bytes[place.upperBound...]
  }

  /// The checksum of `config.json`, taken while `Checksum.blank` stands in its place, and that place:
  /// where the file's first checksum stands, as its members are sorted.
  private static func checksum(
    ofConfiguration bytes: [UInt8]
  ) -> (place: Range<Int>?, text: String) {
    let blank = Array(Checksum.blank.utf8)
    guard let start = bytes.firstRange(of: Array("fnv1a64:".utf8))?.lowerBound,
      bytes.count - start >= blank.count
    else { return (nil, checksumText(of: bytes)) }
    let place = start..<start + blank.count
    return (place, checksumText(of: bytes[..<start] + blank + bytes[place.upperBound...]))
  }

  private static func readConfigurationFile(_ path: String) throws(DataError) -> [UInt8] {
    let kind: FileKind
    do {
      kind = try fileKind(path)
    } catch {
      throw DataError(
        error.isMissing ? .missingFile : .invalid, file: path,
        problem: "cannot be read: \(systemProblem(error.number))",
        advice: error.isMissing ? "Name the folder that training wrote" : nil)
    }
    guard case .folder = kind else {
      throw DataError(
        file: path, problem: "found a file, expected a model folder",
        advice: "Name the folder that holds \(configurationFile) and \(weightsFile)")
    }
    do {
      return try readFolderFile(configurationFile, in: path, limit: largestText)
    } catch let error where error.kind == .missingFile {
      throw DataError(
        .missingFile, file: path,
        problem: "is not a model folder: it holds no \(configurationFile)",
        advice: "Name the folder that training wrote")
    }
  }

  private static func readChecked(
    _ name: String, in path: String, limit: Int, checksum expected: String
  ) throws(DataError) -> [UInt8] {
    let file = path + "/" + name
    guard isFileName(name) else {
      throw DataError(
        file: path + "/" + configurationFile, place: "files",
        problem: "found \(quoted(name)), expected the name of a file in the folder")
    }
    let bytes: [UInt8]
    do {
      bytes = try readFolderFile(name, in: path, limit: limit)
    } catch let error where error.kind == .missingFile {
      var error = error
      error.advice = "The model is not whole: copy all files of the folder that training wrote"
      throw error
    }
    let found = checksumText(of: bytes)
    guard found == expected else { throw altered(file, found: found, expected: expected) }
    return bytes
  }

  private static func altered(_ file: String, found: String, expected: String) -> DataError {
    DataError(
      file: file,
      problem: "was altered or damaged: found checksum \(found), expected \(quoted(expected))",
      advice: "Restore the folder from where it came, or train the model again")
  }
}

/// What is looked at before anything else.
private struct Seal: Decodable {
  var formatVersion: Int
  var checksum: String?
}

/// Any value, not looked at.
private struct Anything: Decodable {
  init(from decoder: any Decoder) {}
}

/// The whole of `config.json`: the summary's members and the caller's configuration beside each
/// other.
private struct Envelope<Configuration> {
  var summary: ModelFolder.Summary
  var checksum: String?
  var configuration: Configuration

  enum CodingKeys: CodingKey {
    case checksum, configuration
  }
}

extension Envelope: Encodable where Configuration: Encodable {
  func encode(to encoder: any Encoder) throws {
    try summary.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(checksum, forKey: .checksum)
    try container.encode(configuration, forKey: .configuration)
  }
}

extension Envelope: Decodable where Configuration: Decodable {
  init(from decoder: any Decoder) throws {
    summary = try ModelFolder.Summary(from: decoder)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    configuration = try container.decode(Configuration.self, forKey: .configuration)
  }
}
