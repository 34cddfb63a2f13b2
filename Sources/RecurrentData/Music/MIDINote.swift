/// A note of a Standard MIDI file: a key, from when to when, how hard.
public struct MIDINote: Sendable, Hashable {
  /// The key, 0...127; 60 is middle C (``Pitch``).
  public var pitch: UInt8
  /// How hard the key was struck, 1...127.
  public var velocity: UInt8
  /// The channel, 0...15; by the General MIDI convention 9 holds percussion.
  public var channel: UInt8
  /// The index of its track.
  public var track: UInt16
  /// When it starts, in ticks from the start of its track.
  public var start: Int
  /// The note's length in ticks, at least 0.
  public var duration: Int

  /// A note.
  public init(
    pitch: UInt8, velocity: UInt8 = 80, channel: UInt8 = 0, track: UInt16 = 0, start: Int,
    duration: Int
  ) {
    self.pitch = pitch
    self.velocity = velocity
    self.channel = channel
    self.track = track
    self.start = start
    self.duration = duration
  }

  /// The channel whose keys are drums.
  public static let percussionChannel: UInt8 = 9

  /// When it ends, in ticks.
  public var end: Int { start + duration }
}
