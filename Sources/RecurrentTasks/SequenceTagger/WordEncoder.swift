import Recurrent

/// From a word to what the network sees of it: its number, its characters and how it is written.
public struct WordEncoder: Sendable, Codable, Equatable {
  /// What is done to a word before it is looked up.
  public let normalization: TextNormalization
  /// The words that are known.
  public let vocabulary: Vocabulary
  /// The characters that are known, Unicode scalar by scalar.
  public let characters: Vocabulary
  /// The number of the first word that only a file of vectors had; nil: there is none.
  private let firstOther: Int?

  /// A word with more characters is read from its two ends, half of them each.
  static let maximumCharacters = 40

  /// Learns words and characters from the training part.
  ///
  /// - Parameters:
  ///   - path: a file of vectors; nil: none.
  ///   - vectors: what is read of them.
  /// - Throws: ``DataError`` if the file cannot be read, or its vectors are of another width.
  init(
    learningFrom sentences: [[String]], options: SequenceTaggerOptions, vectors path: String?,
    reading vectors: inout StartingVectors?
  ) throws(DataError) {
    let normalization = TextNormalization(form: .nfc, lowercases: options.lowercases)
    self.normalization = normalization
    let counts = Vocabulary.counts(of: sentences.lazy.map { $0.map { normalization($0) } })
    vectors = try path.map { path throws(DataError) in
      try StartingVectors(
        path, counts: counts, size: options.embeddingSize, mostOthers: options.vectorWords
      ) { normalization($0) == $0 }
    }
    vocabulary = Vocabulary(counts: counts, minimumCount: options.minimumCount, vectors: vectors)
    firstOther = if let vectors { vocabulary.count - vectors.others.count } else { nil }
    characters = Vocabulary(
      counting: sentences.lazy.map { $0.flatMap { Self.scalars(of: $0) } }, minimumCount: 2)
  }

  /// The number of a word.
  func id(of word: String) -> Int { vocabulary.id(of: normalization(word)) }

  /// Whether the training part has a word: raw text is cut as that is, whatever else has a vector.
  func isLearned(_ word: String) -> Bool {
    let id = id(of: word)
    return id != vocabulary.unknown && id < firstOther ?? .max
  }

  /// The features of words that the network reads.
  func features(of words: [String]) -> WordFeatures {
    let words = words.map { Self.composed($0) }
    return WordFeatures(
      ids: words.map(id), shapes: words.map { WordShape($0).rawValue },
      characters: words.map { characters.ids(of: Self.scalars(of: $0)) })
  }

  private static let composed = TextNormalization(form: .nfc)

  /// The characters of a word that are read.
  private static func scalars(of word: String) -> [String] {
    let all = composed(word).unicodeScalars
    guard word.utf8.count > maximumCharacters, all.count > maximumCharacters else {
      return all.map { String($0) }
    }
    let half = maximumCharacters / 2
    return all.prefix(half).map { String($0) } + all.suffix(half).map { String($0) }
  }
}

/// What the network sees of words: U words, in any order.
struct WordFeatures {
  /// The words' numbers in the vocabulary, `[U]`.
  var ids: [Int]
  /// The words' shapes: how they are written, `[U]`.
  let shapes: [Int]
  /// The numbers of their characters, `[U][L]`.
  let characters: [[Int]]
}

/// The shape of a word: how it is written.
enum WordShape: Int, CaseIterable {
  /// No letter, no digit.
  case marks
  /// Small letters.
  case lower
  /// A capital, then small letters or nothing else.
  case capitalized
  /// Several letters, all capitals.
  case upper
  /// Capitals inside.
  case mixed
  /// Letters that have no case.
  case caseless
  /// Digits and marks.
  case digits
  /// Letters and digits.
  case lettersAndDigits

  init(_ word: String) {
    var (upper, lower, caseless, digits, firstIsUpper) = (0, 0, 0, 0, false)
    for scalar in word.unicodeScalars {
      if scalar.value < 0x80 {
        switch UInt8(scalar.value) {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"):
          firstIsUpper = firstIsUpper || upper + lower + caseless == 0
          upper += 1
        case UInt8(ascii: "a")...UInt8(ascii: "z"): lower += 1
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digits += 1
        default: break
        }
        continue
      }
      switch scalar.properties.generalCategory {
      case .uppercaseLetter, .titlecaseLetter:
        firstIsUpper = firstIsUpper || upper + lower + caseless == 0
        upper += 1
      case .lowercaseLetter: lower += 1
      case .modifierLetter, .otherLetter, .letterNumber: caseless += 1
      case .decimalNumber: digits += 1
      default: break
      }
    }
    let letters = upper + lower + caseless
    self =
      switch (letters, digits) {
      case (0, 0): .marks
      case (0, _): .digits
      case (_, 1...): .lettersAndDigits
      default:
        if upper == 0 {
          lower > 0 ? .lower : .caseless
        } else if firstIsUpper, upper == 1 {
          .capitalized
        } else {
          lower == 0 && caseless == 0 ? .upper : .mixed
        }
      }
  }
}
