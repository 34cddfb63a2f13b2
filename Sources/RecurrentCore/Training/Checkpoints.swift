import Foundation
import RecurrentFiles

/// Where a run is kept while it trains, so that it goes on after whatever ended the program.
///
/// ```swift
/// let checkpoints = Checkpoints(in: "model.run", digest: ["data": "prices.csv of May"])
/// try trainer.resume(from: checkpoints, on: examples)    // nothing there: a run from the start
/// try trainer.run(on: examples, validation: others, checkpoints: checkpoints)
/// checkpoints.remove()                                   // once the model is written
/// ```
///
/// The run that goes on ends with the bits of one that never stopped. A checkpoint is one file with
/// all of ``Trainer/State``; it appears whole or not at all, and the last two are kept, in case the
/// newest is damaged.
///
/// One is written at the end of a run, whatever ended it; in between every `interval`, and at the
/// end of an epoch sooner if that takes no more than a hundredth of the time.
public struct Checkpoints: Sendable {
  /// The folder, which is created if need be; one run's alone.
  public let folder: String
  /// The time from one checkpoint to the next.
  public let interval: Duration
  /// What must be the same when the run goes on and no run knows of itself: the data, the settings
  /// of layers, the version of the program.
  public let digest: [String: String]

  /// Checkpoints in a folder; with an interval of zero after every step and epoch, whatever it
  /// costs.
  public init(
    in folder: String, every interval: Duration = .seconds(60), digest: [String: String] = [:]
  ) {
    self.folder = folder
    self.interval = interval
    self.digest = digest
  }

  /// The checkpoints of one of several networks that are trained one after the other, numbered from
  /// 1: in a folder within this one. 0: those of a training that follows.
  public func network(_ number: Int) -> Checkpoints {
    Checkpoints(in: folder + "/\(Self.networkPrefix)\(number)", every: interval, digest: digest)
  }

  /// Whether there are any, those of networks too.
  public var exist: Bool {
    get throws(DataError) {
      if try !numbers().isEmpty { return true }
      let names = (try? folderContents(folder)) ?? []
      for name in names where name.hasPrefix(Self.networkPrefix) {
        if try Checkpoints(in: folder + "/" + name).exist { return true }
      }
      return false
    }
  }

  /// Removes the checkpoints, those of networks too, and the folder, if it holds nothing else.
  public func remove() {
    for name in (try? folderContents(folder)) ?? [] {
      if name.hasPrefix(Self.networkPrefix) { Checkpoints(in: folder + "/" + name).remove() }
      if isOurs(name) { unlink(folder + "/" + name) }
    }
    rmdir(folder)
  }

  // MARK: Files

  private static let networkPrefix = "network-"
  private static let (prefix, suffix) = ("checkpoint-", ".safetensors")
  private static let format = "recurrent checkpoint 1"
  /// Where the header of the file has its checksum, which is taken with zeros in this place.
  private static let checksumPlace: Range<Int> = {
    let start = 8 + "{\"__metadata__\":{\"checksum\":\"".utf8.count
    return start..<start + Checksum.blank.utf8.count
  }()

  func path(_ number: Int) -> String { folder + "/\(Self.prefix)\(number)\(Self.suffix)" }

  private func number(_ name: String) -> Int? {
    guard name.hasPrefix(Self.prefix), name.hasSuffix(Self.suffix) else { return nil }
    let digits = name.dropFirst(Self.prefix.count).dropLast(Self.suffix.count)
    return digits.count <= 15 && digits.allSatisfy(\.isWholeNumber) ? Int(digits) : nil
  }

  /// A checkpoint, or what a killed program left of one.
  private func isOurs(_ name: String) -> Bool {
    number(name) != nil || name.hasPrefix(".recurrent-") && name.hasSuffix(".tmp")
  }

  /// The numbers of the checkpoints, the newest first.
  func numbers() throws(DataError) -> [Int] {
    do throws(SystemError) {
      return try folderContents(folder).compactMap(number).sorted(by: >)
    } catch {
      if error.isMissing { return [] }
      throw DataError(
        file: folder, problem: "cannot be read: \(systemProblem(error.number))")
    }
  }

  /// Writes a checkpoint as the one after `last`, and removes all but these two.
  ///
  /// - Returns: its number.
  func write(
    _ record: RunRecord, _ tensors: some Module, after last: Int?
  ) throws(DataError) -> Int {
    let number = (last ?? 0) + 1
    let path = path(number)
    let run = String(decoding: try encodeJSON(record, file: path), as: UTF8.self)
    let blocks = SafetensorsFile.blocks(of: tensors)
    var header = SafetensorsFile.header(
      of: blocks, metadata: ["checksum": Checksum.blank, "format": Self.format, "run": run])
    var checksum = Checksum()
    header.withUnsafeBytes { checksum.add($0) }
    for block in blocks { block.contents { checksum.add($0) } }
    header.replaceSubrange(Self.checksumPlace, with: checksum.text.utf8)
    do throws(SystemError) {
      try createFolders(folder)
    } catch {
      throw unwritable(folder, error)
    }
    try writeAtomically(to: path) { append in
      header.withUnsafeBytes(append)
      for block in blocks { block.contents(append) }
    }
    for name in (try? folderContents(folder)) ?? [] where isOurs(name) {
      let other = self.number(name)
      if other == nil || other != number && other != last { unlink(folder + "/" + name) }
    }
    return number
  }

  /// A checkpoint whose bytes are those that were written.
  func read(_ number: Int) throws(DataError) -> SafetensorsFile {
    let path = path(number)
    var bytes = try readFile(path)
    let place = Self.checksumPlace
    let stated = bytes.count < place.upperBound ? [] : Array(bytes[place])
    if !stated.isEmpty { bytes.replaceSubrange(place, with: Checksum.blank.utf8) }
    guard stated == Array(checksumText(of: bytes).utf8) else {
      throw DataError(
        file: path, problem: "was altered or damaged: its checksum is not that of its bytes")
    }
    return try SafetensorsFile(bytes: bytes, source: path)
  }

  /// The newest checkpoint that is sound, and why newer ones were passed over; nil if there is none at
  /// all.
  ///
  /// - Throws: ``DataError`` if there are checkpoints, but all are damaged.
  func newest() throws(DataError) -> (number: Int, file: SafetensorsFile, warnings: [DataError])? {
    var warnings: [DataError] = []
    for number in try numbers() {
      do {
        return (number, try read(number), warnings)
      } catch {
        warnings.append(error)
      }
    }
    guard var error = warnings.first else { return nil }
    error.advice = "No checkpoint is sound; remove \(folder) to train from the start"
    throw error
  }

  /// The newest checkpoint as the first rank finds it; the others need not see its files.
  func newest(
    sharedBy ranks: (any Communicator)?
  ) throws(DataError) -> (number: Int, file: SafetensorsFile, warnings: [DataError])? {
    guard let ranks else { return try newest() }
    // Its number and bytes; nothing where there is none, one byte where it cannot be read.
    guard ranks.rank > 0 else {
      do throws(DataError) {
        let found = try newest()
        var bytes: [UInt8] = []
        if let found {
          bytes.append(littleEndian: UInt64(found.number), size: 8)
          bytes += try readFile(path(found.number))
        }
        _ = ranks.broadcast(bytes)
        return found
      } catch {
        _ = ranks.broadcast([0])
        throw error
      }
    }
    let bytes = ranks.broadcast([])
    if bytes.isEmpty { return nil }
    guard bytes.count > 8, let number = Int(exactly: bytes.littleEndian(at: 0, size: 8)) else {
      throw DataError(file: folder, problem: "holds checkpoints that the first rank cannot read")
    }
    return (number, try SafetensorsFile(bytes: Array(bytes.dropFirst(8)), source: path(number)), [])
  }

  /// The run's record that a checkpoint holds.
  func record(of file: SafetensorsFile) throws(DataError) -> RunRecord {
    let format = file.metadata["format"] ?? ""
    guard format == Self.format else {
      throw DataError(
        file: file.source, place: "format",
        problem: "found \(quoted(format)), expected \(quoted(Self.format))",
        advice: "It was written by another version of Recurrent than \(LibraryVersion.current)")
    }
    return try decodeJSON(
      RunRecord.self, from: Array((file.metadata["run"] ?? "").utf8), file: file.source)
  }
}

/// The checkpoint that a run goes on from.
public struct ResumedCheckpoint: Sendable {
  /// The checkpoint's file.
  public let file: String
  /// Why newer checkpoints were passed over: they were damaged.
  public let warnings: [DataError]
}
