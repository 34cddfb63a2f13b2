/// A Standard MIDI file: notes, tempo and meter.
///
/// ```swift
/// let file = try MIDIFile(contentsOf: "tune.mid")
/// for note in file.notes { print(Pitch(note.pitch), file.seconds(at: note.start)) }
/// try file.write(to: "copy.mid")
/// ```
///
/// Types 0, 1 and 2 are read, with running status and SMPTE time. Controllers, programs, pitch
/// bends, text, key signatures and system exclusive messages are passed over. What files in the
/// wild get wrong is read by these rules:
///
/// - A note-on with velocity 0 is a note-off. A note-off for a key that does not sound is ignored.
/// - A note-on for a key that sounds ends the note before it. "All sound off", "all notes off" and
///   the mode messages (controllers 120 and 123 to 127) end the notes of their channel. The sustain
///   pedal does not lengthen notes.
/// - A note that nothing ends lasts to the end of its track. A track without its end mark ends with
///   its chunk; what follows the mark is ignored.
/// - Running status outlives system exclusive and meta events.
/// - System messages (F1 to FE), which have no place in a file, are passed over where their length
///   is known; the undefined ones are refused.
/// - Several tracks in a file of type 0 sound together, as in type 1.
/// - Chunks of unknown kinds, and bytes after the last track, are ignored.
public struct MIDIFile: Sendable, Hashable {
  /// The format of the file: how its tracks belong together.
  public enum Format: UInt16, Sendable {
    /// Type 0: one track.
    case single
    /// Tracks that sound at the same time (type 1).
    case parallel
    /// Tracks that are tunes of their own (type 2).
    case sequential
  }

  /// The unit of time: what a tick is.
  public enum Timing: Sendable, Hashable {
    /// So many ticks are a beat, a quarter note; how long that is says the tempo.
    case ticksPerBeat(Int)
    /// So many ticks are a frame, of which there are 24, 25, 29 (meaning 29.97) or 30 a second.
    case smpte(framesPerSecond: Int, ticksPerFrame: Int)
  }

  /// A tempo that holds from a tick on.
  public struct Tempo: Sendable, Hashable {
    /// When, in ticks.
    public var tick: Int
    /// The length of a quarter note.
    public var microsecondsPerBeat: UInt32
    /// The track that says it; all tracks follow, but in the sequential format.
    public var track: UInt16

    /// A tempo from `tick` on.
    public init(tick: Int = 0, microsecondsPerBeat: UInt32, track: UInt16 = 0) {
      self.tick = tick
      self.microsecondsPerBeat = microsecondsPerBeat
      self.track = track
    }

    /// What holds where a file says nothing: 120 beats a minute.
    static let standardMicrosecondsPerBeat: UInt32 = 500_000
  }

  /// A meter that holds from a tick on.
  public struct Meter: Sendable, Hashable {
    /// When, in ticks.
    public var tick: Int
    /// The upper number: 6 of 6/8.
    public var count: UInt8
    /// The lower number as a power of two: 3 of 6/8.
    public var unitExponent: UInt8
    /// The track that says it.
    public var track: UInt16

    /// A meter from `tick` on.
    public init(tick: Int = 0, count: UInt8, unitExponent: UInt8, track: UInt16 = 0) {
      self.tick = tick
      self.count = count
      self.unitExponent = unitExponent
      self.track = track
    }
  }

  /// The file's format: how its tracks belong together.
  public var format: Format
  /// The file's unit of time: what a tick is.
  public var timing: Timing
  /// When each track ends, in ticks.
  public var trackEnds: [Int]
  /// The notes, track by track, each track's in the order of their starts.
  public var notes: [MIDINote]
  /// Changes of tempo, track by track.
  public var tempos: [Tempo]
  /// Changes of meter, track by track.
  public var meters: [Meter]

  /// A file of these notes.
  ///
  /// - Parameter trackEnds: when each track ends; if not given, with its last note.
  public init(
    notes: [MIDINote], timing: Timing = .ticksPerBeat(480), format: Format = .single,
    tempos: [Tempo] = [], meters: [Meter] = [], trackEnds: [Int]? = nil
  ) {
    self.notes = notes
    self.timing = timing
    self.format = format
    self.tempos = tempos
    self.meters = meters
    var ends = [Int](repeating: 0, count: notes.reduce(0) { max($0, Int($1.track)) } + 1)
    for note in notes { ends[Int(note.track)] = max(ends[Int(note.track)], note.end) }
    self.trackEnds = trackEnds ?? ends
  }

  /// The ticks of a quarter note; in SMPTE time, which has no beats, those of half a second.
  public var ticksPerBeat: Double {
    switch timing {
    case .ticksPerBeat(let ticks): Double(ticks)
    case .smpte: ticksPerSecond / 2
    }
  }

  /// Of SMPTE time.
  private var ticksPerSecond: Double {
    guard case .smpte(let frames, let ticks) = timing else { return 0 }
    return (frames == 29 ? 30_000.0 / 1001 : Double(frames)) * Double(ticks)
  }

  /// The seconds from the start to `tick`.
  ///
  /// - Parameter track: whose tempo counts in the sequential format; in the others that of all
  ///   tracks does.
  public func seconds(at tick: Int, track: UInt16 = 0) -> Double {
    guard case .ticksPerBeat(let ticksPerBeat) = timing else {
      return Double(tick) / ticksPerSecond
    }
    let changes = tempos.filter { format != .sequential || $0.track == track }
      .sorted { ($0.tick, $0.track) < ($1.tick, $1.track) }
    var seconds = 0.0
    var (last, tempo) = (0, Tempo.standardMicrosecondsPerBeat)
    for change in changes where change.tick < tick {
      seconds += Double(change.tick - last) * Double(tempo)
      (last, tempo) = (change.tick, change.microsecondsPerBeat)
    }
    return (seconds + Double(tick - last) * Double(tempo)) / 1e6 / Double(ticksPerBeat)
  }

  /// The first tempo of a track, in quarter notes a minute.
  public func beatsPerMinute(track: UInt16 = 0) -> Double {
    let first = tempos.filter { format != .sequential || $0.track == track }
      .min { ($0.tick, $0.track) < ($1.tick, $1.track) }
    let tempo = first?.microsecondsPerBeat ?? Tempo.standardMicrosecondsPerBeat
    return 60e6 / Double(max(1, tempo))
  }
}
