import Foundation
import RecurrentFiles

/// How many runs of characters, and of words, translations of a whole corpus share with references
/// (Popović 2015, 2017), in 0...100: chrF2 with runs of 1 to 6 characters, chrF2++ with those of 1
/// and 2 words too. The same number as sacreBLEU's, to the last digit.
///
///     chrF = (1 + β²)·P·R / (β²·P + R), β = 2, with P and R the means over all orders that occur
///
/// Of several references, that with the best score of its own counts for a sentence.
public struct ChrF: Sendable, Codable, Equatable {
  /// The score, in 0...100.
  public let score: Double
  /// References of each translation.
  public let referenceCount: Int
  /// The longest runs of words that count: 0 for chrF2, 2 for chrF2++.
  public let wordOrder: Int
  /// Whether capitals counted as small letters.
  public let lowercases: Bool

  private static let characterOrder = 6

  /// The score of translations.
  ///
  /// - Parameters:
  ///   - translations: One for each sentence.
  ///   - references: One or more lists with a reference for each sentence.
  ///   - wordOrder: The longest runs of words that count.
  ///   - lowercases: Whether capitals count as small letters.
  public init(
    of translations: [String], references: [[String]], wordOrder: Int = 0,
    lowercases: Bool = false
  ) {
    require(
      !references.isEmpty && references.allSatisfy { $0.count == translations.count },
      "each of \(translations.count) translations has a reference in each list, not \(references.map(\.count))"
    )
    require(wordOrder >= 0, "the order of words is at least 0, not \(wordOrder)")
    var total = [Overlap](repeating: Overlap(), count: Self.characterOrder + wordOrder)
    for (index, translation) in translations.enumerated() {
      func runs(_ text: String) -> Runs {
        Runs(lowercases ? text.lowercased() : text, Self.characterOrder, wordOrder)
      }
      let said = runs(translation)
      var best: (score: Double, overlaps: [Overlap])?
      for reference in references {
        let overlaps = said.overlaps(with: runs(reference[index]))
        let score = Self.score(overlaps)
        if best.map({ score > $0.score }) ?? true { best = (score, overlaps) }
      }
      for (order, overlap) in (best?.overlaps ?? []).enumerated() { total[order].add(overlap) }
    }
    score = Self.score(total)
    referenceCount = references.count
    self.wordOrder = wordOrder
    self.lowercases = lowercases
  }

  /// The measure in sacreBLEU's form, without the version.
  public var signature: String {
    "nrefs:\(referenceCount)|case:\(lowercases ? "lc" : "mixed")|eff:yes"
      + "|nc:\(Self.characterOrder)|nw:\(wordOrder)|space:no"
  }

  /// What is wrong with it, as a sentence; nil if it can be told. One from a file can say anything.
  package var problem: String? {
    (0...100).contains(wordOrder) ? nil : "a chrF of runs of \(wordOrder) words"
  }

  /// chrF2 or chrF2++.
  public var name: String { "chrF2" + String(repeating: "+", count: wordOrder) }

  private static func score(_ overlaps: [Overlap]) -> Double {
    let counting = overlaps.filter { $0.said > 0 && $0.wanted > 0 }
    guard !counting.isEmpty else { return 0 }
    let count = Double(counting.count)
    let precision = counting.reduce(0) { $0 + Double($1.shared) / Double($1.said) } / count
    let recall = counting.reduce(0) { $0 + Double($1.shared) / Double($1.wanted) } / count
    guard precision + recall > 0 else { return 0 }
    return 100 * (5 * precision * recall / (4 * precision + recall))
  }

  /// Runs of one order in a translation, in its reference, and in both.
  private struct Overlap {
    var said = 0
    var wanted = 0
    var shared = 0

    mutating func add(_ other: Overlap) {
      said += other.said
      wanted += other.wanted
      shared += other.shared
    }
  }

  /// The runs of a text, by order.
  private struct Runs {
    var characters: [[ArraySlice<Unicode.Scalar>: Int]]
    var words: [[ArraySlice<String>: Int]]

    init(_ text: String, _ characterOrder: Int, _ wordOrder: Int) {
      let plain = text.unicodeScalars.filter { !$0.isBlank }
      characters = (1...characterOrder).map { NGrams.counts(of: Array(plain), order: $0) }
      let separated = wordOrder > 0 ? Self.words(of: text) : []
      words = (0..<wordOrder).map { NGrams.counts(of: separated, order: $0 + 1) }
    }

    func overlaps(with reference: Runs) -> [Overlap] {
      zip(characters, reference.characters).map { Self.overlap($0, $1) }
        + zip(words, reference.words).map { Self.overlap($0, $1) }
    }

    private static func overlap<Run>(_ said: [Run: Int], _ wanted: [Run: Int]) -> Overlap {
      // An order that the reference is too short for does not count.
      Overlap(
        said: wanted.isEmpty ? 0 : said.reduce(0) { $0 + $1.value },
        wanted: wanted.reduce(0) { $0 + $1.value },
        shared: said.reduce(0) { $0 + min($1.value, wanted[$1.key] ?? 0) })
    }

    /// Words between spaces, of which one ASCII punctuation mark is cut off: the last, or else the
    /// first.
    private static func words(of text: String) -> [String] {
      text.unicodeScalars.split(whereSeparator: \.isBlank).flatMap { word -> [String] in
        guard word.count > 1, let first = word.first, let last = word.last else {
          return [String(word)]
        }
        if last.isPunctuation { return [String(word.dropLast()), String(last)] }
        if first.isPunctuation { return [String(first), String(word.dropFirst())] }
        return [String(word)]
      }
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isPunctuation: Bool {
    switch self {
    case "!"..."/", ":"..."@", "["..."`", "{"..."~": true
    default: false
    }
  }
}

extension ChrF: CustomStringConvertible {
  /// Signature and score.
  public var description: String {
    "\(name)|\(signature) = \(String(format: "%.2f", score))"
  }
}
