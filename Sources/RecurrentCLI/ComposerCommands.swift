import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

extension Predict {
  /// What may come next after a tune.
  fileprivate func predictNotes(_ composer: Composer) throws {
    guard let file else {
      throw ValidationError(
        "A composer foretells what comes after a MIDI file: "
          + "recurrent predict \(model.shellQuoted) start.mid")
    }
    let primer = try composer.readPrimer(file)
    for remark in primer.remarks { warn("\(file): \(remark).") }
    let next = composer.next(after: primer.tune).prefix(12)
    if json {
      struct Next: Encodable {
        var what: String
        var probability: Double
      }
      let bytes = try encodeJSON(
        next.map { Next(what: $0.what, probability: $0.probability) }, file: "prediction")
      print(String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .newlines))
    } else {
      let rows = next.map { [$0.what, NumberFormat.fixed(100 * $0.probability, 1) + " %"] }
      print(TextTable([["next", "probability"]] + rows))
      if composer.hasJointChords {
        print("\nEach key given that those above it are as they are likeliest.")
      }
    }
  }
}

extension TrainComposer {
  static func predict(_ composer: Composer, _ command: Predict) throws {
    try command.predictNotes(composer)
  }

  static func read(
    _ request: DataRequest, for composer: Composer
  ) throws -> DataRead<MusicCollection> {
    let music = try MusicCollection(
      paths: request.files, stepsPerBeat: composer.options.stepsPerBeat)
    music.warnOfSkipped()
    // Of a collection that names its parts, those of its test part.
    let test = music.part(.test)
    return DataRead(
      data: test ?? music, source: request.files.joined(separator: ", "),
      part: test == nil ? "all" : "the test part's")
  }
}
