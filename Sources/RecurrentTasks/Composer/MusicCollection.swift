import Foundation
import Recurrent

/// Tunes from files and folders.
public struct MusicCollection: Sendable {
  /// The tunes, each with the part of a published collection it belongs to, if it says so.
  public private(set) var tunes: [(tune: Tune, part: PianoRollFile.Part?)] = []
  /// Files in folders, and tunes, that were passed over, and why.
  public private(set) var skipped: [String] = []
  /// The files or folders that were read, in words.
  public let source: String
  /// The steps of a quarter note; nil for tunes made by a program.
  public private(set) var stepsPerBeat: Int?
  /// How that was found where nobody said it, or what of MIDI files it does not hold, as a sentence
  /// without its full stop.
  public private(set) var gridText: String?
  /// The notes of MIDI files on their grid.
  private var grid = NoteGrid(stepsPerBeat: 4)
  private var hasMIDI = false
  private var hasRolls = false

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
  /// - Parameter asked: the steps of a quarter note. MIDI files are brought to that grid; of piano
  ///   rolls, which say nothing of it, it is what their steps are taken for. Nil: 4 if there are MIDI
  ///   files, else as the rolls look, by the steps at which their chords change.
  /// - Throws: ``DataError`` if a path is missing, a file named is not what it should be, or there is
  ///   no music in any of them.
  public init(paths: [String], stepsPerBeat asked: Int? = nil) throws(DataError) {
    let stepsPerBeat = asked ?? 4
    grid = NoteGrid(stepsPerBeat: stepsPerBeat)
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
    self.stepsPerBeat = stepsPerBeat
    if 100 * grid.between > grid.noteCount {
      gridText =
        "of \(NumberFormat.grouped(grid.noteCount)) notes \(NumberFormat.grouped(grid.between)) begin between "
        + "the steps and are moved to the nearest"
        + (grid.finer.map { "; \($0) steps a quarter note would hold them (--steps-per-beat)" }
          ?? "")
    }
    guard asked == nil, !hasMIDI, let found = Self.stepsPerBeat(of: tunes.map(\.tune)) else {
      return
    }
    self.stepsPerBeat = found.steps
    gridText =
      "piano rolls do not say their grid; their chords last \(NumberFormat.fixed(found.mean, 2)) steps in "
      + "the mean, so a quarter note is taken for \(found.steps) (--steps-per-beat)"
  }

  /// The steps of a quarter note by the look of tunes, and the mean length of their chords in steps;
  /// nil where too little changes to see it.
  ///
  /// Where nine tenths of the changes stand at even steps, what changes on two steps is looked at
  /// instead, and so on. Chords that then last a step are taken for quarters, those that last
  /// clearly longer go on in eighths: in Bach's chorales 1.14 steps of a quarter, 1.43 of an eighth.
  static func stepsPerBeat(of tunes: [Tune]) -> (steps: Int, mean: Double)? {
    var changes: [Int] = []
    var count = 0
    for steps in tunes.map(\.steps) where steps.count > 1 {
      count += steps.count - 1
      changes += (1..<steps.count).filter { steps[$0] != steps[$0 - 1] }
    }
    guard changes.count >= 20 else { return nil }
    var unit = 1
    while unit < 16, 10 * changes.count(where: { $0 % (2 * unit) == 0 }) >= 9 * changes.count {
      unit *= 2
    }
    let mean = Double(count) / Double(changes.count)
    return (mean / Double(unit) > 1.25 ? 2 * unit : unit, mean)
  }

  /// Whether the tunes say which notes are struck again and which go on, and why not.
  var repeats: (areTold: Bool, text: String) {
    let (joins, strikes) = tunes.reduce((0, 0)) { counts, item in
      let (steps, struck) = (item.tune.steps, item.tune.struck)
      let held = zip(steps, steps.dropFirst()).reduce(0) { sum, pair in
        sum + pair.1.count { pair.0.contains($0) }
      }
      return (counts.0 + held, counts.1 + struck.reduce(0) { $0 + $1.count })
    }
    if hasRolls {
      return (false, "not told: piano rolls do not say whether a key is held or struck again")
    }
    return strikes == 0
      ? (false, "not told: no note is struck again where it sounds")
      : (
        true,
        "told: of \(NumberFormat.grouped(joins)) steps of keys that sound on, \(NumberFormat.grouped(strikes)) are struck again"
      )
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
      hasRolls = true
      found = try PianoRollFile(contentsOf: path).tunes
    } else {
      hasMIDI = true
      let file = try MIDIFile(contentsOf: path)
      found = try file.tunes(stepsPerBeat: stepsPerBeat, source: path).map { ($0, nil) }
      grid.add(file)
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
