import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

extension Evaluate {
  /// How well sentences are translated whose translation is known.
  func evaluateTranslator() throws {
    let translator = try Translator(contentsOf: model)
    let pairs = try SentencePairs.read(
      [file] + moreFiles, swapped: swap, encoding: encoding)
    let (evaluation, _) = translator.evaluate(on: pairs, beam: beam, lengthPenalty: lengthPenalty)
    print("\(pairs.origin): all \(pairs.pairs.count) pairs")
    print(evaluation)
  }
}
