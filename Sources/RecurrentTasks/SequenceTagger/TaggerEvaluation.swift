import Recurrent

/// How well sentences were tagged, beside what takes no network.
public struct TaggerEvaluation: JobEvaluation {
  /// A yardstick's scores, and that of the network.
  public struct Scores: Sendable, Codable, Equatable {
    /// The scores of chunks; of plain tags, those of the tokens of each tag.
    public var entities = EntityScores()
    /// Tokens with the right tag, as it is written: of tags that break the scheme, one may begin the
    /// same entity and still be another tag.
    public var correctTokens = 0
    /// The number of tokens.
    public var tokens = 0

    /// The share of tokens with the right tag: of chunks, most are outside, so this says little.
    public var accuracy: Double { Double(correctTokens) / Double(max(1, tokens)) }

    /// Counts a sentence.
    mutating func add(_ actual: [String], _ predicted: [String], isPlain: Bool) {
      tokens += actual.count
      correctTokens += zip(actual, predicted).count { $0 == $1 }
      entities.add(
        actual: Self.spans(actual, isPlain: isPlain),
        predicted: Self.spans(predicted, isPlain: isPlain))
    }

    /// Chunks by conlleval's rules; what is no chunk tag counts as `O`.
    private static func spans(_ tags: [String], isPlain: Bool) -> [TagSpan] {
      isPlain
        ? tags.enumerated().map { TagSpan(type: $1, range: $0..<$0 + 1) }
        : TagScheme.spans(of: tags.lazy.map { ChunkTag($0) ?? .outside })
    }
  }

  /// Whether the tags say nothing about chunks.
  public let isPlain: Bool
  /// The scores of the network.
  public let network: Scores
  /// Each word with its most frequent tag in training and validation part, unknown ones with that of
  /// all; nil where these parts are not at hand.
  public let dictionary: Scores?
  /// Always the most frequent tag.
  public let majority: Scores?
  /// The sentences.
  public let sentences: Int
  /// The share of tokens whose word has no vector of its own.
  public let unknownShare: Double
  /// Tags that break the scheme of the training part.
  public let repairs: Int
  /// The scheme of the sentences, if it is another than that of the training part: they are compared
  /// as that would write them.
  public let convertedFrom: TagScheme?
  /// The sentences that were read in pieces.
  public let cut: Int
  /// Tokens whose tag training does not have.
  public let unseen: Int

  /// F1 of chunks over all types; of plain tags the share of right ones.
  public var score: Double { network.score(isPlain: isPlain) }
}

extension TaggerEvaluation.Scores {
  func score(isPlain: Bool) -> Double { isPlain ? accuracy : entities.overall.f1 }
}

extension TaggerEvaluation {

  /// Tables: overall and by type, what was not as expected, and the verdict.
  public var description: String {
    func percent(_ share: Double) -> String { NumberFormat.fixed(share * 100, 2) }
    var overall = [
      isPlain
        ? ["", "token accuracy %"]
        : ["", "F1 %", "precision %", "recall %", "token accuracy %"]
    ]
    let majorityName = isPlain ? "most frequent tag" : "no entity"
    for case (let name, let scores?) in [
      ("network", network), ("dictionary", dictionary), (majorityName, majority),
    ] {
      let counts = scores.entities.overall
      let shares = [counts.f1, counts.precision, counts.recall]
      overall.append([name] + ((isPlain ? [] : shares) + [scores.accuracy]).map(percent))
    }
    var text =
      TextTable(overall).description + "\n\n"
      + network.entities.table(
        isPlain ? "tag" : "type", unit: isPlain ? "tokens" : "entities")
    text += "\n\n\(NumberFormat.grouped(sentences)) sentences, "
    text += "\(NumberFormat.grouped(network.tokens)) tokens, "
    text += "\(percent(unknownShare)) % of them unknown words."
    if let convertedFrom {
      text += "\nThe tags are \(convertedFrom.explanation), and were compared in the scheme of the "
      text += "training part."
    }
    if repairs > 0 {
      text += "\n\(repairs) tags break the scheme; read by conlleval's rule: a tag that continues "
      text += "nothing begins an entity."
    }
    if unseen > 0 {
      text += "\n\(unseen) tokens have a tag that training does not have, and are found by nobody."
    }
    if cut > 0 { text += "\n\(cut) sentences were too long to be read at once and read in pieces." }
    return text + (verdict.map { "\n\($0)" } ?? "")
  }

  /// A line that says whether the network is worth having.
  public var verdict: String? {
    var named: [(String, Double)] = []
    if let dictionary { named.append(("dictionary", dictionary.score(isPlain: isPlain))) }
    if let majority {
      named.append((isPlain ? "most frequent tag" : "no entity", majority.score(isPlain: isPlain)))
    }
    guard let best = named.max(by: { $0.1 < $1.1 }) else { return nil }
    let points = "\(NumberFormat.fixed(abs(score - best.1) * 100, 2)) points"
    if score > best.1 { return "The network beats the \(best.0) by \(points)." }
    return "The network does NOT beat the \(best.0): "
      + (score == best.1 ? "it is no better." : "it is \(points) worse.")
  }
}

extension EntityScores {
  /// A row for each type, and one for all.
  package func table(_ name: String, unit: String) -> String {
    func row(_ title: String, _ counts: Counts) -> [String] {
      [title]
        + [counts.f1, counts.precision, counts.recall].map { NumberFormat.fixed($0 * 100, 2) }
        + [counts.actual, counts.found, counts.correct].map(NumberFormat.grouped)
    }
    var rows = [[name, "F1 %", "precision %", "recall %", unit, "found", "right"]]
    for (type, counts) in types.sorted(by: { $0.key < $1.key }) {
      rows.append(row(type.isEmpty ? "(one type)" : type, counts))
    }
    rows.append(row("all", overall))
    return TextTable(rows).description
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TaggerEvaluation {
  public var headline: EpochScore {
    EpochScore(isPlain ? "accuracy" : "F1", score, isHigherBetter: true)
  }

  public var size: String { "\(sentences) sentences" }
}
