import Foundation

/// What is done to a text before it is cut into tokens.
public struct TextNormalization: Sendable, Codable, Equatable {
  /// A normalization form of Unicode (UAX #15).
  public enum Form: String, Sendable, Codable, CaseIterable {
    /// The text as it is.
    case none
    /// One way to write what looks the same and is the same: é as one character.
    case nfc
    /// Also one way for what differs in looks only: ﬁ as fi, ² as 2, full-width letters as plain.
    case nfkc
  }

  /// The form.
  public var form: Form
  /// Whether capitals become small letters.
  public var lowercases: Bool

  /// A choice; by default composed characters, capitals kept.
  public init(form: Form = .nfc, lowercases: Bool = false) {
    self.form = form
    self.lowercases = lowercases
  }

  /// The normalized text.
  public func callAsFunction(_ text: String) -> String {
    // Plain ASCII is in every form, and most texts are.
    let isPlain = text.utf8.allSatisfy { $0 < 0x80 }
    var result = lowercases ? text.lowercased() : text
    guard !isPlain else { return result }
    switch form {
    case .none: break
    case .nfc: result = result.precomposedStringWithCanonicalMapping
    case .nfkc: result = result.precomposedStringWithCompatibilityMapping
    }
    return result
  }
}
