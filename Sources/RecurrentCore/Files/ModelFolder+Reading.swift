import RecurrentFiles

extension ModelFolder {
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
