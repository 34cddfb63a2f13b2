import RecurrentFiles

/// Tunes as JSON: each a list of steps, each step the list of MIDI pitches that sound.
///
///     [[[60, 64, 67], [60, 65, 69], []], [[62, 65]]]
///     {"train": [tune, …], "valid": [tune, …], "test": [tune, …]}
///
/// The second form, with the parts that others trained and tested on, is that of the published
/// collections of chorales and folk tunes. A pitch of -1 is a voice that is silent; pitches may be
/// written as 60.0.
public struct PianoRollFile: Sendable {
  /// The part of a collection.
  public enum Part: String, Sendable, CaseIterable {
    /// To train on.
    case train
    /// To judge each epoch.
    case valid
    /// To report on.
    case test
  }

  /// The tunes, each with the part it belongs to; nil where the file knows no parts.
  public private(set) var tunes: [(tune: Tune, part: Part?)] = []

  /// Reads the file at `path`.
  ///
  /// - Throws: ``DataError`` that names the line and column if it is missing or something else.
  public init(contentsOf path: String) throws(DataError) {
    try self.init(bytes: try readFile(path), source: path)
  }

  /// Reads the bytes of a file.
  ///
  /// - Parameter source: what the file is called in messages.
  /// - Throws: ``DataError`` as ``init(contentsOf:)``.
  public init(bytes: [UInt8], source: String) throws(DataError) {
    var scanner = JSONScanner(bytes)
    do throws(JSONScanner.Failure) {
      if scanner.next() == UInt8(ascii: "{") {
        var seen: Set<Part> = []
        try scanner.object { scanner, name throws(JSONScanner.Failure) in
          guard let part = Part(rawValue: name == "validation" ? "valid" : name) else {
            throw JSONScanner.Failure(
              offset: scanner.position,
              problem: "found a part \(quoted(name)), expected train, valid or test")
          }
          guard seen.insert(part).inserted else {
            throw JSONScanner.Failure(
              offset: scanner.position, problem: "found the part \(quoted(name)) twice")
          }
          try readTunes(&scanner, part: part, source: source)
        }
      } else {
        try readTunes(&scanner, part: nil, source: source)
      }
      try scanner.expectEnd()
    } catch {
      let (line, column) = scanner.lineAndColumn(of: error.offset)
      throw DataError(
        file: source, line: line, place: "column \(column)", problem: error.problem,
        advice: "Give tunes as lists of steps, each the list of MIDI pitches that sound")
    }
  }

  private mutating func readTunes(
    _ scanner: inout JSONScanner, part: Part?, source: String
  ) throws(JSONScanner.Failure) {
    try scanner.array { scanner throws(JSONScanner.Failure) in
      var steps: [PitchSet] = []
      try scanner.array { scanner throws(JSONScanner.Failure) in
        var step = PitchSet()
        try scanner.array { scanner throws(JSONScanner.Failure) in
          if scanner.skip("-1.0") || scanner.skip("-1") { return }
          _ = scanner.next()
          let offset = scanner.position
          let pitch = try scanner.naturalNumber(mayHavePoint: true)
          guard pitch <= 127 else {
            throw JSONScanner.Failure(
              offset: offset, problem: "found a pitch of \(pitch), expected 0 to 127")
          }
          step.insert(pitch)
        }
        steps.append(step)
      }
      let name = "\(source) \(part.map { $0.rawValue + " " } ?? "")#\(tunes.count + 1)"
      tunes.append((Tune(name: name, steps: steps), part))
    }
  }
}
