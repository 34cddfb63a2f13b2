import Foundation
import RecurrentFiles

/// How much translations of a whole corpus share with references: the geometric mean of the
/// precisions of 1- to 4-grams times a penalty for being short (Papineni et al. 2002), in 0...100.
/// The same number as sacreBLEU's (Post 2018, arXiv:1804.08771), to the last digit.
///
/// ```swift
/// let bleu = BLEU(of: translations, references: [first, second], lowercases: true)
/// print(bleu)   // BLEU|nrefs:2|case:lc|eff:no|tok:13a|smooth:exp = 31.4 …
/// ```
///
/// A precision of 0 is smoothed as in `mteval-v13a`: the first such order counts half a match, the
/// next a quarter, and so on.
public struct BLEU: Sendable, Codable, Equatable {
  /// The rule by which sentences are cut into words.
  public enum Tokenization: String, Sendable, Codable, CaseIterable {
    /// NIST's `mteval-v13a`: at punctuation, but not inside numbers.
    case v13a = "13a"
    /// At spaces only.
    case none
  }

  /// The score, in 0...100.
  public let score: Double
  /// The smoothed precisions of 1- to 4-grams, in 0...100.
  public let precisions: [Double]
  /// What being shorter than the references costs: a factor.
  public let brevityPenalty: Double
  /// Words of the translations.
  public let length: Int
  /// Words of the references; of several, of that with the closest length.
  public let referenceLength: Int
  /// References of each translation.
  public let referenceCount: Int
  /// The rule by which sentences were cut into words.
  public let tokenization: Tokenization
  /// Whether capitals counted as small letters.
  public let lowercases: Bool

  /// The score of translations.
  ///
  /// - Parameters:
  ///   - translations: One for each sentence.
  ///   - references: One or more lists with a reference for each sentence.
  ///   - lowercases: Whether capitals count as small letters.
  public init(
    of translations: [String], references: [[String]], tokenization: Tokenization = .v13a,
    lowercases: Bool = false
  ) {
    require(
      !references.isEmpty && references.allSatisfy { $0.count == translations.count },
      "each of \(translations.count) translations has a reference in each list, not \(references.map(\.count))"
    )
    var matches = [0, 0, 0, 0]
    var totals = [0, 0, 0, 0]
    var (length, referenceLength) = (0, 0)
    for (index, translation) in translations.enumerated() {
      func words(_ text: String) -> [String] {
        tokenization.words(lowercases ? text.lowercased() : text)
      }
      let said = words(translation)
      let wanted = references.map { words($0[index]) }
      length += said.count
      // Of equally close ones, the shorter.
      referenceLength +=
        wanted.map { (abs($0.count - said.count), $0.count) }.min { $0 < $1 }?.1 ?? 0
      for order in 1...4 {
        let counts = NGrams.counts(of: said, order: order)
        var most: [ArraySlice<String>: Int] = [:]
        for words in wanted {
          most.merge(NGrams.counts(of: words, order: order)) { max($0, $1) }
        }
        matches[order - 1] += counts.reduce(0) { $0 + min($1.value, most[$1.key] ?? 0) }
        totals[order - 1] += max(0, said.count - order + 1)
      }
    }
    self.length = length
    self.referenceLength = referenceLength
    referenceCount = references.count
    self.tokenization = tokenization
    self.lowercases = lowercases
    brevityPenalty =
      length >= referenceLength
      ? 1 : length > 0 ? exp(1 - Double(referenceLength) / Double(length)) : 0
    guard matches.contains(where: { $0 > 0 }) else {
      (score, precisions) = (0, [0, 0, 0, 0])
      return
    }
    var smoothing = 1.0
    precisions = zip(matches, totals).map { matches, total in
      guard total > 0 else { return 0 }
      if matches > 0 { return 100 * Double(matches) / Double(total) }
      smoothing *= 2
      return 100 / (smoothing * Double(total))
    }
    score =
      precisions.contains(0)
      ? 0 : brevityPenalty * exp(precisions.reduce(0) { $0 + log($1) } / 4)
  }

  /// The measure in sacreBLEU's form, without the version.
  public var signature: String {
    "nrefs:\(referenceCount)|case:\(lowercases ? "lc" : "mixed")|eff:no"
      + "|tok:\(tokenization.rawValue)|smooth:exp"
  }
}

extension BLEU: CustomStringConvertible {
  /// Signature, score, precisions and lengths.
  public var description: String {
    func fixed(_ value: Double, _ decimals: Int) -> String {
      String(format: "%.\(decimals)f", value)
    }
    let ratio = referenceLength > 0 ? Double(length) / Double(referenceLength) : 0
    return "BLEU|\(signature) = \(fixed(score, 2)) "
      + precisions.map { fixed($0, 1) }.joined(separator: "/")
      + " (BP = \(fixed(brevityPenalty, 3)) ratio = \(fixed(ratio, 3)) "
      + "hyp_len = \(length) ref_len = \(referenceLength))"
  }
}

/// Runs of neighbours.
enum NGrams {
  /// How often each run of `order` neighbours occurs.
  static func counts<Element: Hashable>(
    of elements: [Element], order: Int
  ) -> [ArraySlice<Element>: Int] {
    var counts: [ArraySlice<Element>: Int] = [:]
    guard elements.count >= order else { return counts }
    for start in 0...elements.count - order {
      counts[elements[start..<start + order], default: 0] += 1
    }
    return counts
  }
}

extension BLEU.Tokenization {
  /// The words of a sentence.
  func words(_ text: String) -> [String] {
    let scalars = Array(text.unicodeScalars)
    return (self == .none ? scalars : Self.separated(scalars)).split(whereSeparator: \.isBlank)
      .map { String(String.UnicodeScalarView($0)) }
  }

  /// Spaces around punctuation, by the rules of `mteval-v13a` in their order; each of them goes from
  /// left to right, and what it has matched it does not look at again.
  private static func separated(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
    var text = replacing("<skipped>", in: text, by: "")
    text = replacing("-\n", in: text, by: "")
    text = replacing("\n", in: text, by: " ")
    for (entity, character) in [("&quot;", "\""), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")] {
      text = replacing(entity, in: text, by: character)
    }
    text = [" "] + text + [" "]
    // Punctuation but . , - and '
    var next: [Unicode.Scalar] = []
    for scalar in text {
      switch scalar {
      case "{"..."~", "["..."`", " "..."&", "("..."+", ":"..."@", "/": next += [" ", scalar, " "]
      default: next.append(scalar)
      }
    }
    func isDigit(_ scalar: Unicode.Scalar) -> Bool { "0"..."9" ~= scalar }
    func isMark(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }
    // A point or comma that no digit stands before; one that no digit stands behind; a dash behind
    // a digit.
    next = separated(next) {
      !isDigit($0) && isMark($1)
    } by: {
      [$0, " ", $1, " "]
    }
    next = separated(next) {
      isMark($0) && !isDigit($1)
    } by: {
      [" ", $0, " ", $1]
    }
    return separated(next) {
      isDigit($0) && $1 == "-"
    } by: {
      [$0, " ", $1, " "]
    }
  }

  private static func separated(
    _ text: [Unicode.Scalar], where fits: (Unicode.Scalar, Unicode.Scalar) -> Bool,
    by pair: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    var index = 0
    while index < text.count {
      if index + 1 < text.count, fits(text[index], text[index + 1]) {
        result += pair(text[index], text[index + 1])
        index += 2
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return result
  }

  private static func replacing(
    _ pattern: String, in text: [Unicode.Scalar], by replacement: String
  ) -> [Unicode.Scalar] {
    let pattern = Array(pattern.unicodeScalars)
    guard text.contains(pattern[0]) else { return text }
    var result: [Unicode.Scalar] = []
    var index = 0
    while index < text.count {
      if text[index...].starts(with: pattern) {
        result += replacement.unicodeScalars
        index += pattern.count
      } else {
        result.append(text[index])
        index += 1
      }
    }
    return result
  }
}

extension Unicode.Scalar {
  /// White space, and the separators U+001C to U+001F, which other tools count to it.
  var isBlank: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }
}
