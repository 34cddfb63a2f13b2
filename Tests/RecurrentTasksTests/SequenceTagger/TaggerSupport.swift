import Foundation
import Recurrent
import TestSupport

@testable import RecurrentTasks

/// Made sentences whose best tags are known.
enum TagGrammar {
  /// A made-up word of small letters.
  private static func word(_ generator: inout SeededGenerator) -> String {
    String(
      (0..<Int.random(in: 2...5, using: &generator)).map { _ in
        "abdeiklmnorstu".randomElement(using: &generator) ?? "a"
      })
  }

  /// An entity follows a cue and has a capital: behind `mr` a PER of one or two words, behind `near`
  /// a LOC. Capitals elsewhere and small letters behind a cue are no entities. Most words are new,
  /// so only cues and capitals help, and whoever minds both is always right.
  static func cues(_ count: Int, seed: UInt64) -> TaggedSentences {
    var generator = SeededGenerator(seed: seed)
    var line = 1
    return TaggedSentences(
      (0..<count).map { _ in
        var (tokens, tags): ([String], [String]) = ([], [])
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
          tokens.append(Bool.random(using: &generator) ? "so" : "then")
          tags.append("O")
          let cue = Int.random(in: 0...2, using: &generator)
          if cue < 2 {
            tokens.append(cue == 0 ? "mr" : "near")
            tags.append("O")
          }
          let hasCapital = Bool.random(using: &generator)
          let length = cue == 0 && hasCapital ? Int.random(in: 1...2, using: &generator) : 1
          for index in 0..<length {
            tokens.append(
              hasCapital ? word(&generator).capitalized : word(&generator))
            let type = cue == 0 ? "PER" : "LOC"
            tags.append(cue == 2 || !hasCapital ? "O" : (index == 0 ? "B-" : "I-") + type)
          }
        }
        let sentence = TaggedSentences.Sentence(tokens: tokens, tags: tags, line: line)
        line += tokens.count + 1
        return sentence
      }, source: "cues")
  }

  /// Options with which such sentences are learned in a few seconds.
  static var options: SequenceTaggerOptions {
    var options = SequenceTaggerOptions()
    options.embeddingSize = 6
    options.characters = .none
    options.hiddenSize = 10
    options.dropout = 0
    options.wordDropout = 1
    options.learningRate = 0.03
    options.epochs = 20
    options.patience = 8
    options.testFraction = 0.25
    options.seed = 3
    return options
  }

  /// A tagger after one short epoch.
  static func quick(
    _ change: (inout SequenceTaggerOptions) -> Void = { _ in }
  ) throws -> SequenceTagger {
    var options = options
    options.epochs = 1
    options.characterSize = 6
    options.characterEmbeddingSize = 4
    change(&options)
    return try SequenceTaggerPlan(cues(60, seed: 5), options: options).train()
  }

  /// Sentences of every kind: empty, unknown, long, odd.
  static let oddSentences: [[String]] = [
    [], ["so", "mr", "Ada"], ["Zürich"], Array(repeating: "near", count: 70), ["mr"],
    ["\u{0}", "क्‍ष", "👩‍👧", "e\u{301}", "é"], [String(repeating: "Long", count: 60), "then"],
    ["near", "Abu", "mr", "Lee", "Nor", "so", "mr", "ada"], [],
  ]
}
