import RecurrentFiles

/// A key of the keyboard, by number or by name: 60, `C4`, `F#3`, `Bb5`.
public struct Pitch: Sendable, Hashable, CustomStringConvertible {
  /// The pitch's MIDI number, 0...127; 60 is middle C, C4.
  public let number: Int

  /// The pitch of a MIDI number.
  public init(_ number: some BinaryInteger) {
    require((0...127).contains(number), "a pitch is a number in 0...127, not \(number)")
    self.number = Int(number)
  }

  /// The pitch of a name: a letter from A to G, sharps (`#`, `♯`) or flats (`b`, `♭`), and an octave
  /// from -1 to 9; or of a MIDI number. Nil if there is none of that name.
  public init?(_ name: String) {
    if let number = Int(name) {
      guard (0...127).contains(number) else { return nil }
      self.init(number)
      return
    }
    guard let (pitchClass, rest) = Self.pitchClass(ofPrefix: name), let octave = Int(rest),
      (-1...9).contains(octave), (0...127).contains(12 * (octave + 1) + pitchClass)
    else { return nil }
    self.init(12 * (octave + 1) + pitchClass)
  }

  /// The pitches of a piano, A0 to C8.
  public static let piano = 21...108

  private static let names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]

  /// The pitch's name, with sharps: `C4`, `F#3`.
  public var description: String { Self.names[number % 12] + "\(number / 12 - 1)" }

  /// The semitones above C of the note name at the start of `text`, and what follows it. B# and Cb
  /// are 12 and -1: they belong to the octave of their letter.
  static func pitchClass(ofPrefix text: String) -> (semitones: Int, rest: Substring)? {
    let letters: [Character: Int] = ["C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11]
    guard let letter = text.first, let natural = letters[Character(letter.uppercased())] else {
      return nil
    }
    var semitones = natural
    var rest = text.dropFirst()
    while let accidental = rest.first, "#♯b♭".contains(accidental), abs(semitones - natural) < 2 {
      semitones += "#♯".contains(accidental) ? 1 : -1
      rest = rest.dropFirst()
    }
    return (semitones, rest)
  }
}
