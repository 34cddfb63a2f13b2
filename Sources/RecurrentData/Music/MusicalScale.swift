/// The pitches of a key: `C major`, `F# minor`, `D dorian`.
public struct MusicalScale: Sendable, Hashable, CustomStringConvertible {
  /// The kinds of scales, by name, as semitones above the root.
  public static let kinds: KeyValuePairs = [
    "major": [0, 2, 4, 5, 7, 9, 11], "minor": [0, 2, 3, 5, 7, 8, 10],
    "harmonic minor": [0, 2, 3, 5, 7, 8, 11], "dorian": [0, 2, 3, 5, 7, 9, 10],
    "phrygian": [0, 1, 3, 5, 7, 8, 10], "lydian": [0, 2, 4, 6, 7, 9, 11],
    "mixolydian": [0, 2, 4, 5, 7, 9, 10], "pentatonic": [0, 2, 4, 7, 9],
    "blues": [0, 3, 5, 6, 7, 10], "chromatic": Array(0..<12),
  ]

  /// The name it was made of.
  public let description: String
  /// The semitones above C that belong to the scale.
  private let pitchClasses: Set<Int>

  /// The scale of a name, a root and one of ``kinds``; nil if there is none of that name.
  public init?(_ name: String) {
    guard let (root, rest) = Pitch.pitchClass(ofPrefix: name), rest.first == " " else {
      return nil
    }
    let kind = rest.dropFirst().lowercased()
    guard let steps = Self.kinds.first(where: { $0.key == kind })?.value else { return nil }
    description = name
    pitchClasses = Set(steps.map { (root + $0 + 12) % 12 })
  }

  /// Whether the pitch of that MIDI number belongs to it.
  public func contains(_ pitch: Int) -> Bool { pitchClasses.contains(pitch % 12) }
}
