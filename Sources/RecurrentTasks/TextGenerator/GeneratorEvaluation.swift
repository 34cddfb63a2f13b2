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
  /// That of counting characters, in nats a character; nil where the training part is not at hand.
  public let unigram: Double?
  /// That of counting what follows four characters (``CharacterBaseline``).
  public let fiveGram: Double?

  /// The mean negative log-likelihood of a token.
  public var natsPerToken: Double { nats / Double(max(1, tokens)) }
  /// e to the power of that.
  public var perplexity: Double { exp(natsPerToken) }
  /// The mean negative log-likelihood of a character, whatever the tokens are.
  public var natsPerCharacter: Double { nats / Double(max(1, characters)) }
  /// The same in bits.
  public var bitsPerCharacter: Double { natsPerCharacter / log(2) }

  /// One line that says whether the network is worth having; nil without a baseline.
  public var verdict: String? {
    guard let fiveGram else { return nil }
    let difference = NumberFormat.fixed(abs(fiveGram - natsPerCharacter), 3)
    return natsPerCharacter < fiveGram
      ? "The network beats the 5-gram of characters by \(difference) nats a character."
      : "The network does NOT beat the 5-gram of characters: it is \(difference) nats worse."
  }
}

extension GeneratorEvaluation {

  /// A table, what was unknown, and the verdict.
  public var description: String {
    func row(_ name: String, _ nats: Double, _ token: [String] = ["", ""]) -> [String] {
      [name, NumberFormat.fixed(nats, 4), NumberFormat.fixed(nats / log(2), 4)] + token
    }
    var rows = [["", "nats/character", "bits/character", "nats/token", "perplexity"]]
    rows.append(
      row(
        "network", natsPerCharacter,
        [NumberFormat.fixed(natsPerToken, 4), NumberFormat.fixed(perplexity, 3)]))
    if let fiveGram { rows.append(row("5-gram", fiveGram)) }
    if let unigram { rows.append(row("unigram", unigram)) }
    var lines = [
      TextTable(rows).description, "",
      "\(NumberFormat.grouped(tokens)) tokens, \(NumberFormat.grouped(characters)) characters, "
        + "read as one stream; perplexity is that of a token.",
    ]
    if unknown > 0 {
      lines.append(
        "\(NumberFormat.grouped(unknown)) tokens are unknown, and count as the unknown token.")
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
