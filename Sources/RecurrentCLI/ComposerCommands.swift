import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

extension Predict {
  /// What may come next after a tune.
  func predictNotes() throws {
    guard let file else {
      throw ValidationError(
        "A composer foretells what comes after a MIDI file: "
          + "recurrent predict \(model.shellQuoted) start.mid")
    }
    let composer = try Composer(contentsOf: model)
    let next = composer.next(after: try composer.readPrimer(file).tune).prefix(12)
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
    }
  }
}

extension Evaluate {
  /// How well tunes are foretold; of a collection that names its parts, those of its test part.
  func evaluateComposer() throws {
    let composer = try Composer(contentsOf: model)
    let music = try MusicCollection(paths: [file], stepsPerBeat: composer.options.stepsPerBeat)
    music.warnOfSkipped()
    let test = music.part(.test)
    let evaluation = try composer.evaluate(on: test ?? music)
    print("\(file): \(test == nil ? "all" : "the test part's") \(evaluation.tunes) tunes")
    print(evaluation)
  }
}
