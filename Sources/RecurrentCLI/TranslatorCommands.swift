import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// What `recurrent predict` is told about a translator.
struct TranslatorPredictOptions: ParsableArguments {
  @OptionGroup var search: BeamOptions

  @Option(
    help: ArgumentHelp(
      "Give that many translations of a line, each behind its score and a tab, and an empty line.",
      valueName: "count"))
  var nBest: Int?

  @Option(
    help: ArgumentHelp(
      "Draw what the first line's translation looked at.", valueName: "file.svg"),
    completion: .file())
  var attention: String?

  var flags: [JobFlags] {
    [
      search.flags,
      JobFlags(
        [TrainTranslator.self], ["--n-best": nBest != nil, "--attention": attention != nil]),
    ]
  }

  func validate() throws {
    if let nBest, !(1...100).contains(nBest) {
      throw ValidationError("--n-best is between 1 and 100, not \(nBest).")
    }
    if let beam = search.beam, let nBest, nBest > beam {
      throw ValidationError("--n-best \(nBest) needs a --beam of at least \(nBest), not \(beam).")
    }
  }
}

extension Predict {
  /// The translation of each line.
  fileprivate func translate(_ translator: Translator) throws {
    let (nBest, attention) = (translating.nBest, translating.attention)
    let beam = translating.search.beam ?? max(translator.options.beam, nBest ?? 1)
    var drawn = attention == nil
    // What is wrong with the flags is told once, not of each line.
    func translations(
      _ lines: [String], keepsAttention: Bool
    ) throws -> [[Translator.Translation]] {
      try translator.translations(
        of: lines, beam: beam, lengthPenalty: translating.search.lengthPenalty,
        coveragePenalty: translating.search.coveragePenalty, keepsAttention: keepsAttention)
    }
    _ = try translations([], keepsAttention: false)
    try forEachBatch(isJSON: json) { requests, _ in
      let all = try translations(requests.map(\.text), keepsAttention: !drawn)
      if !drawn, let attention, let first = all.lazy.compactMap(\.first).first {
        let picture = first.attentionMap.svg()
        try Interruption.deferred { () throws(DataError) in
          try writeAtomically(picture, to: attention)
        }
        warn("wrote \(attention).")
        drawn = true
      }
      return all.map { translations in
        let best = translations.prefix(nBest ?? 1)
        if json { return "[" + best.map(\.json).joined(separator: ",") + "]" }
        guard nBest != nil else { return best.first?.text ?? "" }
        // An empty line behind those of each sentence.
        return best.map { NumberFormat.fixed(Double($0.score), 4) + "\t\($0.text)\n" }.joined()
      }
    }
    if !drawn, let attention {
      throw DataError(
        file: attention, problem: "is not written: no line has words to draw",
        advice: "Give a sentence")
    }
  }
}

extension TrainTranslator {
  static func predict(_ translator: Translator, _ command: Predict) throws {
    try command.translate(translator)
  }

  static func read(
    _ request: DataRequest, for translator: Translator
  ) throws -> DataRead<SentencePairs> {
    let pairs = try SentencePairs.read(
      request.files, swapped: request.isSwapped, encoding: request.encoding)
    return DataRead(
      data: pairs, source: pairs.origin,
      remark: pairs.emptyLines > 0
        ? "\(pairs.emptyLines) lines with an empty side were left out" : nil)
  }

  static func evaluate(
    _ translator: Translator, on pairs: SentencePairs, _ command: Evaluate
  ) throws -> TranslationEvaluation {
    try translator.evaluate(
      on: pairs, beam: command.search.beam, lengthPenalty: command.search.lengthPenalty,
      coveragePenalty: command.search.coveragePenalty
    ).evaluation
  }
}
