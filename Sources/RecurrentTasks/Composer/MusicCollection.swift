import Foundation
import Recurrent

/// Tunes from files and folders.
public struct MusicCollection: Sendable {
  /// The tunes, each with the part of a published collection it belongs to, if it says so.
  public private(set) var tunes: [(tune: Tune, part: PianoRollFile.Part?)] = []
  /// Files in folders, and tunes, that were passed over, and why.
  public private(set) var skipped: [String] = []
  /// What was read, in words.
  public let source: String

  /// The endings of the files that are looked for in folders.
  public static let endings = ["mid", "midi", "kar", "json"]

  /// Tunes made by a program.
  public init(_ tunes: [Tune], source: String) {
    self.tunes = tunes.map { ($0, nil) }
    self.source = source
  }

  /// Reads Standard MIDI files and piano rolls (``PianoRollFile``), and all such files in folders
  /// and the folders in them, by name.
  ///
  /// A file that is named must be right; one that lies in a folder is passed over when it is not.
  ///
  /// - Throws: ``DataError`` if a path is missing, a file named is not what it should be, or there is
  ///   no music in any of them.
  public init(paths: [String], stepsPerBeat: Int) throws(DataError) {
    source = paths.count == 1 ? paths[0] : "\(paths.count) files and folders"
    for path in paths {
      var isFolder: ObjCBool = false
      guard path == "-" || FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      else {
        throw DataError(
          .missingFile, file: path, problem: "there is no such file or folder",
          advice: "Check the name and the folder it is in")
      }
      guard isFolder.boolValue else {
        try read(path, stepsPerBeat: stepsPerBeat)
        continue
      }
      let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? []
      for name in names.sorted() {
        let ending = name.split(separator: ".").last?.lowercased() ?? ""
        let file = path.hasSuffix("/") ? path + name : path + "/" + name
        guard Self.endings.contains(ending),
          FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), !isFolder.boolValue
        else { continue }
        do {
          try read(file, stepsPerBeat: stepsPerBeat)
        } catch {
          skipped.append("\(error)")
        }
      }
    }
    guard !tunes.isEmpty else {
      throw DataError(
        file: paths.joined(separator: ", "),
        problem: "found no music"
          + (skipped.first.map { "; the first of \(skipped.count) files passed over: \($0)" } ?? "")
          .trimmingCharacters(in: ["."]),
        advice: "Give MIDI files, piano rolls as JSON, or folders of them")
    }
  }

  /// The tunes of a part; nil if no tune belongs to it.
  public func part(_ part: PianoRollFile.Part) -> MusicCollection? {
    var result = self
    result.tunes = tunes.filter { $0.part == part }
    return result.tunes.isEmpty ? nil : result
  }

  private mutating func read(_ path: String, stepsPerBeat: Int) throws(DataError) {
    let found: [(tune: Tune, part: PianoRollFile.Part?)]
    if path.lowercased().hasSuffix(".json") {
      found = try PianoRollFile(contentsOf: path).tunes
    } else {
      found = try MIDIFile(contentsOf: path).tunes(stepsPerBeat: stepsPerBeat, source: path)
        .map { ($0, nil) }
      if found.isEmpty { skipped.append("\(path): holds no notes.") }
    }
    for (tune, part) in found {
      if tune.notes.isEmpty || tune.length < 2 {
        skipped.append("\(tune.name): is shorter than two steps, or silent.")
      } else {
        tunes.append((tune, part))
      }
    }
  }
}
