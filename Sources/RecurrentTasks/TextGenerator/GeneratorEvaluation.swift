import Foundation
import Recurrent

/// How well a generator foretells a text it was not trained on, read as one stream from its first
/// token to its last.
public struct GeneratorEvaluation: JobEvaluation {
  /// Tokens that were foretold: all.
  public let tokens: Int
  /// Characters as readers see them.
  public let characters: Int
  /// Tokens that are not in the vocabulary, read and foretold as the unknown token.
  public let unknown: Int
  /// The negative log-likelihood of the whole text, in nats.
  public let nats: Double
  /// The loss of counting characters, or words, in nats a character; nil where the training part is not at
  /// hand.
  public let unigram: Double?
  /// The loss of counting what follows four tokens, in nats a character; nil where the training part
  /// is not at hand.
  public let fiveGram: Double?
  /// How many different n-grams, those that came first, that counting knows, where there were more; nil:
  /// all, or nothing was counted.
  public var nGramLimit: Int?
  /// Of words: what of the nats, of the network and of the others, writes out the unknown ones; nil:
  /// tokens are no words.
  public var spelling: Double?
  /// The nats of a network that goes on learning from what it has read; nil: it was not asked.
  public var adapted: AdaptedEvaluation?

  /// The mean negative log-likelihood of a token.
  public var natsPerToken: Double { nats / Double(max(1, tokens)) }
  /// The loss a token of counting what follows four words; nil where tokens are no words.
  var fiveGramPerToken: Double? {
    spelling == nil ? nil : fiveGram.map { $0 * Double(characters) / Double(max(1, tokens)) }
  }
  /// The perplexity, e to the power of the loss a token.
  public var perplexity: Double { exp(natsPerToken) }
  /// The mean negative log-likelihood of a character, whatever the tokens are.
  public var natsPerCharacter: Double { nats / Double(max(1, characters)) }
  /// The network's loss in bits a character.
  public var bitsPerCharacter: Double { natsPerCharacter / log(2) }

  private var symbols: String { spelling == nil ? "characters" : "words" }

  /// One line that says whether the network is worth having; nil without a baseline.
  public var verdict: String? {
    guard let fiveGram else { return nil }
    let difference = NumberFormat.fixed(abs(fiveGram - natsPerCharacter), 3)
    return natsPerCharacter < fiveGram
      ? "The network beats the 5-gram of \(symbols) by \(difference) nats a character."
      : "The network does NOT beat the 5-gram of \(symbols): it is \(difference) nats worse."
  }
}

extension GeneratorEvaluation {

  /// A table, what was unknown, and the verdict.
  public var description: String {
    func row(_ name: String, _ nats: Double, token: Double? = nil) -> [String] {
      [name, NumberFormat.fixed(nats, 4), NumberFormat.fixed(nats / log(2), 4)]
        + (token.map { [NumberFormat.fixed($0, 4), NumberFormat.fixed(exp($0), 3)] } ?? ["", ""])
    }
    var rows = [["", "nats/character", "bits/character", "nats/token", "perplexity"]]
    rows.append(row("network", natsPerCharacter, token: natsPerToken))
    if let adapted {
      rows.append(
        row(
          "network, adapting", adapted.nats / Double(max(1, characters)),
          token: adapted.nats / Double(max(1, tokens))))
    }
    if let fiveGram { rows.append(row("5-gram", fiveGram, token: fiveGramPerToken)) }
    if let unigram { rows.append(row("unigram", unigram)) }
    var lines = [
      TextTable(rows).description, "",
      "\(NumberFormat.grouped(tokens)) tokens, \(NumberFormat.grouped(characters)) characters, "
        + "read as one stream; perplexity is that of a token.",
    ]
    if let nGramLimit {
      lines.append(
        "The 5-gram knows the first \(NumberFormat.grouped(nGramLimit)) different n-grams of the "
          + "\(symbols) alone: more would take too much memory.")
    }
    if unknown > 0 {
      lines.append(
        "\(NumberFormat.grouped(unknown)) tokens are unknown, and count as the unknown token"
          + (spelling.map {
            ", and for their spelling, \(NumberFormat.fixed($0 / Double(max(1, unknown)), 1)) nats each"
          } ?? "") + ".")
    }
    if let adapted {
      lines.append(adapted.explanation)
      if adapted.nats > nats { lines.append("Adapting made it worse: lower the rate.") }
    }
    return (lines + [verdict].compactMap(\.self)).joined(separator: "\n")
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension GeneratorEvaluation {
  public var headline: EpochScore { EpochScore("nats", natsPerCharacter, isHigherBetter: false) }
  public var size: String { "\(NumberFormat.grouped(characters)) characters" }
}
