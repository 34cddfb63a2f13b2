import Recurrent
import RecurrentFiles

// Lines with the label in front.

extension LabeledTextReading {
  static let labelPrefix = "__label__"

  /// Lines with the label in front of the text.
  mutating func readPrefixed(_ file: TextPieces) throws(DataError) {
    try file.forEachLine { number, line throws(DataError) in
      if line.isEmpty {
        result.blankLines += 1
        return true
      }
      let parts = line.dropFirst(Self.labelPrefix.count).split(
        separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      let text = parts.count > 1 ? String(parts[1]) : ""
      guard !text.hasPrefix(Self.labelPrefix), let label = parts.first, !label.isEmpty else {
        throw DataError(
          file: file.source, line: number,
          problem:
            "found \(text.hasPrefix(Self.labelPrefix) ? "several labels" : "no label"), expected one",
          advice: "A text belongs to one class; keep one label in each line")
      }
      try add(text, String(label), file: file.source, line: number)
      return true
    }
  }
}
