import Foundation
import Recurrent
import RecurrentFiles

/// The records of a search in a file, a line of JSON each, written the moment they are there.
struct TrialLog {
  private let path: String?
  private(set) var records: [TrialRecord]

  /// - Parameters:
  ///   - path: the file; what it holds is gone on with. nil: records are in memory alone.
  ///   - ranks: those that share the search; the first reads and writes the file.
  init(_ path: String?, sharedBy ranks: (any Communicator)? = nil) throws(DataError) {
    let isFirst = ranks?.rank ?? 0 == 0
    self.path = isFirst ? path : nil
    records = []
    guard let path else { return }
    var bytes: [UInt8] = []
    do {
      if isFirst { bytes = try readFile(path) }
    } catch let error where error.kind == .missingFile {
    }
    bytes = ranks?.broadcast(bytes) ?? bytes
    for (line, text) in bytes.split(separator: UInt8(ascii: "\n")).enumerated() {
      do {
        records.append(try decodeJSON(TrialRecord.self, from: Array(text), file: path))
      } catch {
        var error = error
        error.line = line + 1
        throw error
      }
    }
  }

  /// The record of a trial on a rung.
  func record(_ trial: Int, _ rung: Int) -> TrialRecord? {
    records.first { $0.trial == trial && $0.rung == rung }
  }

  /// Adds a record; the file is there whole before and after.
  mutating func append(_ record: TrialRecord) throws(DataError) {
    records.append(record)
    if let path { try writeAtomically(Self.lines(records), to: path) }
  }

  /// Records, one a line.
  static func lines(_ records: [TrialRecord]) throws(DataError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      return try records.flatMap { try Array(encoder.encode($0)) + [UInt8(ascii: "\n")] }
    } catch {
      throw DataError(
        .unwritable, file: "trials.jsonl", problem: "cannot be written as JSON: \(error)")
    }
  }
}
