import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// What `recurrent predict` is told about a translator.
struct TranslatorPredictOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Translations pursued at once. (default: the model's, or what --n-best says)",
      valueName: "count"))
  var beam: Int?

  @Option(
    help: ArgumentHelp(
      "Give that many translations of a line, each behind its score and a tab, and an empty line.",
      valueName: "count"))
  var nBest: Int?

  @Option(
    help: ArgumentHelp("α of the length penalty. (default: the model's)", valueName: "number"))
  var lengthPenalty: Float?

  @Option(
    help: ArgumentHelp(
      "Draw what the first line's translation looked at.", valueName: "file.svg"))
  var attention: String?

  var flags: JobFlags {
    JobFlags(
      [.translator],
      [
        "--beam": beam != nil, "--n-best": nBest != nil, "--length-penalty": lengthPenalty != nil,
        "--attention": attention != nil,
      ])
  }

  func validate() throws {
    for case (let name, let count?) in [("beam", beam), ("n-best", nBest)] {
      guard (1...100).contains(count) else {
        throw ValidationError("--\(name) is between 1 and 100, not \(count).")
      }
    }
    if let beam, let nBest, nBest > beam {
      throw ValidationError("--n-best \(nBest) needs a --beam of at least \(nBest), not \(beam).")
    }
    if let lengthPenalty, !(lengthPenalty >= 0 && lengthPenalty <= 10) {
      throw ValidationError("--length-penalty is between 0 and 10, not \(lengthPenalty).")
    }
  }
}

extension Predict {
  /// The translation of each line.
  func translate() throws {
    let translator = try Translator(contentsOf: model)
    let (nBest, attention) = (translating.nBest, translating.attention)
    let beam = translating.beam ?? max(translator.options.beam, nBest ?? 1)
    var drawn = attention == nil
    try forEachBatch(of: file, encoding: encoding) { lines in
      let all = try translator.translations(
        of: lines, beam: beam, lengthPenalty: translating.lengthPenalty, keepsAttention: !drawn)
      var output = ""
      for translations in all {
        let best = translations.prefix(nBest ?? 1)
        if json {
          output += "[" + best.map(\.json).joined(separator: ",") + "]\n"
        } else if nBest == nil {
          output += (best.first?.text ?? "") + "\n"
        } else {
          // An empty line behind those of each sentence.
          for translation in best {
            output += NumberFormat.fixed(Double(translation.score), 4) + "\t\(translation.text)\n"
          }
          output += "\n"
        }
      }
      print(output, terminator: "")
      try flushOutput()
      if !drawn, let attention, let first = all.lazy.compactMap(\.first).first {
        let picture = first.attentionMap.svg()
        try Interruption.deferred { () throws(DataError) in
          try writeAtomically(picture, to: attention)
        }
        warn("wrote \(attention).")
        drawn = true
      }
    }
  }
}

extension Evaluate {
  /// How well sentences are translated whose translation is known.
  func evaluateTranslator() throws {
    let translator = try Translator(contentsOf: model)
    let pairs = try SentencePairs.read(
      [file] + moreFiles, swapped: swap, encoding: encoding)
    let (evaluation, _) = try translator.evaluate(
      on: pairs, beam: beam, lengthPenalty: lengthPenalty)
    print("\(pairs.origin): all \(pairs.pairs.count) pairs")
    if pairs.emptyLines > 0 { print("\(pairs.emptyLines) lines with an empty side were left out") }
    print(evaluation)
  }
}
