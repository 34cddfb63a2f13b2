/// How a table is written, where that cannot be told from the table or is to be said.
public struct TableFormat: Sendable, Codable, Equatable {
  /// The line, from 1, that names the columns; nil finds it.
  public var headerLine: Int?
  /// Whether a line names the columns; else they are called by their numbers, from `1`.
  public var hasHeader: Bool
  /// The encoding: how bytes stand for characters.
  public var encoding: TextEncoding
  /// What stands before the fraction of a number, where a column can be read in two ways.
  public var decimalMark: DecimalMark?
  /// Whether the mark was seen in another table's numbers, and not said.
  package var isMarkSeen: Bool?

  /// A table that tells all of it.
  public init(
    headerLine: Int? = nil, hasHeader: Bool = true, encoding: TextEncoding = .utf8,
    decimalMark: DecimalMark? = nil
  ) {
    self.headerLine = headerLine
    self.hasHeader = hasHeader
    self.encoding = encoding
    self.decimalMark = decimalMark
  }
}
