import RecurrentFiles

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
    try write(
      to: path, task: task, configuration: configuration, tensors: tensors, integers: integers,
      extraFiles: extraFiles, reports: reports, largeReports: [])
  }

  /// Writes a model folder, with reports of which one part comes after the other.
  package static func write(
    to path: String, task: String, configuration: some Encodable,
    tensors: [(name: String, tensor: StoredTensor)],
    integers: [(name: String, tensor: StoredIntegers)] = [],
    extraFiles: [(name: String, bytes: [UInt8])] = [],
    reports: [(name: String, bytes: [UInt8])],
    largeReports: [(name: String, contents: FileContents)]
  ) throws(DataError) {
    let weights = SafetensorsFile.encode(tensors, integers: integers)
    let files = [(name: weightsFile, bytes: weights)] + extraFiles
    let reportNames = reports.map(\.name) + largeReports.map(\.name)
    require(
      Set(files.map(\.name) + reportNames + [configurationFile]).count
        == files.count + reportNames.count + 1,
      "extra files have names of their own: \(extraFiles.map(\.name))")
    let summary = Summary(
      task: task, formatVersion: formatVersion, libraryVersion: LibraryVersion.current,
      files: Dictionary(uniqueKeysWithValues: files.map { ($0.name, checksumText(of: $0.bytes)) }),
      reports: reportNames.isEmpty ? nil : reportNames.sorted())
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
    let names = all.map(\.name) + largeReports.map(\.name)
    try writeFolderAtomically(
      to: path, files: all, large: largeReports, removing: going.subtracting(names).sorted(),
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
}

/// Any value, not looked at.
private struct Anything: Decodable {
  init(from decoder: any Decoder) {}
}
