import ArgumentParser
import Recurrent
import RecurrentTasks

/// `recurrent score FILE [PREDICTED]`
struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score tags beside the true ones, as the script conlleval does.",
    usage: "recurrent score [<options>] <file> [<file>]",
    discussion: flowing(
      """
      One file: the true tags in the last column but one, the predicted ones in the
      last, as `recurrent predict --conll` writes them for a file with tags. Two files:
      the true tags in the last column of the first, the predicted ones in that of the
      second, token by token.

      Examples:
        recurrent predict tagger test.conll --conll > tagged.conll
        recurrent score tagged.conll
        recurrent score test.conll submission.tsv
      """))

  @Argument(help: ArgumentHelp("A CoNLL file.", valueName: "file"), completion: .file())
  var file: String
  @Argument(
    help: ArgumentHelp("One with the predicted tags.", valueName: "file"), completion: .file())
  var predicted: String?

  @Option(
    help: ArgumentHelp(
      "How tags are written; plain: as they are, no chunks. (default: as the true ones look)",
      valueName: "scheme"))
  var scheme: TagScheme?

  @Option(
    help: ArgumentHelp(
      "The column of the true tags, from 1. (default: the last, or before the predicted ones; of "
        + "CoNLL-U the fourth)", valueName: "number"))
  var tagColumn: Int?

  @Option(help: ArgumentHelp("The encoding of the files.", valueName: "encoding"))
  var encoding = TextEncoding.utf8

  @OptionGroup var answer: JSONFlag

  func validate() throws {
    if let tagColumn, tagColumn < 1 {
      throw ValidationError("--tag-column counts from 1, not \(tagColumn).")
    }
  }

  mutating func run() throws {
    let columns = TagColumns(tag: tagColumn ?? (predicted == nil ? -2 : -1))
    let actual = try TaggedSentences.read(file, columns: columns, encoding: encoding)
    let found = try TaggedSentences.read(
      predicted ?? file, columns: TagColumns(tag: -1), encoding: encoding)
    let comparison = try TagComparison(actual, found, scheme: scheme)
    if answer.json { return print(try jsonText(ScoreReport(comparison))) }
    let remarks = actual.remarks.map { "\n\($0.capitalizedFirst)." }.joined()
    printText("\(comparison)\(remarks)")
  }
}

/// Tags beside the true ones, as JSON: shares from 0 to 1, and counts.
private struct ScoreReport: Encodable {
  let scheme: String
  let sentences, tokens: Int
  let accuracy: Double
  let overall: [String: Double]
  let types: [String: [String: Double]]

  init(_ comparison: TagComparison) {
    let scores = comparison.scores
    scheme = comparison.scheme.rawValue
    (sentences, tokens) = (comparison.sentences, scores.tokens)
    accuracy = scores.accuracy
    overall = Self.numbers(scores.entities.overall)
    types = scores.entities.types.mapValues(Self.numbers)
  }

  private static func numbers(_ counts: EntityScores.Counts) -> [String: Double] {
    [
      "precision": counts.precision, "recall": counts.recall, "F1": counts.f1,
      "correct": Double(counts.correct), "found": Double(counts.found),
      "actual": Double(counts.actual),
    ]
  }
}
