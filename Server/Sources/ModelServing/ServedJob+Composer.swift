import InferenceProtocol
import Recurrent
import RecurrentTasks

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Composer: ServedJob {
  public static let route = "compose"
  public static let members = [
    RequestMember(name: "note", type: "string", text: "The note to begin with: C4 is middle C."),
    RequestMember(
      name: "midi", type: "string",
      text: "A MIDI file in base 64 to go on from, in place of a note."),
    RequestMember(
      name: "steps", type: "integer", text: "Steps to compose, 1 to 10000; 64 if not given."),
    RequestMember(
      name: "temperature", type: "number", text: "Below 1: closer to what is likely; 0.01 to 100."),
    RequestMember(
      name: "top_k", type: "integer", text: "Draw from so many of the likeliest only."),
    RequestMember(
      name: "scale", type: "string", text: "Begin only notes of this scale, as C major."),
    RequestMember(name: "tempo", type: "number", text: "Quarter notes a minute, 4 to 1000."),
    RequestMember(
      name: "seed", type: "integer", text: "The start of all random numbers: same seed, same tune."),
  ]
  public var inputs: [TensorPort] { [TensorPort("note", .bytes, [1])] }
  public var outputs: [TensorPort] { [TensorPort("midi", .bytes, [1])] }

  public func infer(_ requests: [InferRequest]) -> [Result<[WireTensor], RequestError>] {
    requests.map { request in
      Result { () throws(RequestError) in
        let notes = try request.texts("note", among: inputs)
        let (tune, tempo) = try tune(request.parameterObject, note: notes.first)
        let midi = tune.midi(stepsPerBeat: options.stepsPerBeat, beatsPerMinute: tempo)
        return [WireTensor("midi", .bytes, [1], .bytes([midi.bytes]))]
      }
    }
  }

  public func answer(_ request: JSONValue, name: String) throws(RequestError) -> [UInt8] {
    let (tune, tempo) = try tune(request, note: request.string("note"))
    let midi = tune.midi(stepsPerBeat: options.stepsPerBeat, beatsPerMinute: tempo)
    let answer: JSONValue = [
      "steps": .integer(Int64(tune.length)),
      "steps_per_beat": .integer(Int64(options.stepsPerBeat)), "tempo": .number(tempo),
      "notes": .array(
        tune.notes.map {
          [
            "pitch": .string("\(Pitch($0.pitch))"), "number": .integer(Int64($0.pitch)),
            "start": .integer(Int64($0.start)), "end": .integer(Int64($0.end)),
          ]
        }),
      "midi": .string(base64(midi.bytes)),
    ]
    return answer.text
  }

  private func tune(
    _ request: JSONValue, note: String?
  ) throws(RequestError) -> (tune: Tune, tempo: Double) {
    var drawing = Drawing()
    drawing.steps = try request.integer("steps", in: 1...10_000) ?? drawing.steps
    drawing.temperature = try request.number("temperature", in: 0.01...100) ?? 1
    drawing.topK = try request.integer("top_k", in: 1...1000)
    drawing.seed = UInt64(try request.integer("seed", in: 0...Int.max) ?? 0)
    if let name = try request.string("scale") {
      guard let scale = MusicalScale(name) else {
        throw request.problem(
          "scale", "a root and one of " + MusicalScale.kinds.map(\.key).joined(separator: ", "))
      }
      drawing.scale = scale
    }
    let tempo = try request.number("tempo", in: 4...1000)
    if let text = try request.string("midi") {
      guard let bytes = bytes(base64: text) else {
        throw request.problem("midi", "a MIDI file in base 64")
      }
      return try asked { () throws(DataError) in
        let file = try MIDIFile(bytes: bytes, source: "midi")
        let tunes = try file.tunes(stepsPerBeat: options.stepsPerBeat, source: "midi")
        guard let primer = tunes.first, primer.length <= 100_000 else {
          throw DataError(file: "midi", problem: "holds no notes to go on from")
        }
        let own = file.beatsPerMinute(track: file.notes.first?.track ?? 0)
        return (try compose(after: primer, drawing: drawing), tempo ?? own)
      }
    }
    guard let pitch = Pitch(note ?? "C4") else {
      throw request.problem("note", "a note, as C4 or F#3")
    }
    return (
      try asked { () throws(DataError) in try compose(from: pitch, drawing: drawing) },
      tempo ?? 120
    )
  }
}
