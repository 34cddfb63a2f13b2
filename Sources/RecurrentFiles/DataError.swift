/// Something wrong with data that came from outside: a file, a table, a model folder.
///
/// It says where the problem is, what was found and expected, and what to do about it. Its
/// description is one message a person can act on: `prices.csv:17: column "Close": found "n/a",
/// expected a number. …`
public struct DataError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A kind of failure, for callers that react to it.
  public enum Kind: Sendable {
    /// A file or folder that was named is not there.
    case missingFile
    /// The content is not what it should be.
    case invalid
    /// A result could not be written.
    case unwritable
  }

  /// The kind of failure.
  public var kind: Kind
  /// The file or folder, as the user named it.
  public var file: String
  /// Line in the file, from 1.
  public var line: Int?
  /// A column's name, a tensor's name, a key: the place within the line or file.
  public var place: String?
  /// What was found and what was expected, as a sentence without its full stop.
  public var problem: String
  /// What can be done about the failure, as a sentence without its full stop.
  public var advice: String?

  /// Creates an error about `file`.
  public init(
    _ kind: Kind = .invalid, file: String, line: Int? = nil, place: String? = nil, problem: String,
    advice: String? = nil
  ) {
    self.kind = kind
    self.file = file
    self.line = line
    self.place = place
    self.problem = problem
    self.advice = advice
  }

  /// The whole message: place, problem, advice.
  public var description: String {
    var text = file
    if let line { text += ":\(line)" }
    text += ": "
    if let place { text += "\(place): " }
    text += problem + "."
    if let advice { text += " \(advice)." }
    return text
  }
}
