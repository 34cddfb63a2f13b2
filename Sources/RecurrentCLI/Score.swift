import ArgumentParser
import Recurrent
import RecurrentTasks

/// `recurrent score FILE [PREDICTED]`
struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score tags beside the true ones, as the script conlleval does.",
    discussion: """
      One file: the true tags in the last column but one, the predicted ones in the
      last, as `recurrent predict --conll` writes them for a file with tags. Two files:
      the true tags in the last column of the first, the predicted ones in that of the
      second, token by token.

      Examples:
        recurrent predict tagger test.conll --conll > tagged.conll
        recurrent score tagged.conll
        recurrent score test.conll submission.tsv
      """)

  @Argument(help: ArgumentHelp("A CoNLL file.", valueName: "file")) var file: String
  @Argument(help: ArgumentHelp("One with the predicted tags.", valueName: "file"))
  var predicted: String?

  @Option(
    help: ArgumentHelp(
      "How tags are written; plain: as they are, no chunks. (default: as the true ones look)",
      valueName: "scheme"))
  var scheme: TagScheme?

  @Option(help: ArgumentHelp("The encoding of the files.", valueName: "encoding"))
  var encoding = TextEncoding.utf8

  mutating func run() throws {
    let columns = TagColumns(tag: predicted == nil ? -2 : -1)
    let actual = try TaggedSentences.read(file, columns: columns, encoding: encoding)
    let found = try TaggedSentences.read(
      predicted ?? file, columns: TagColumns(tag: -1), encoding: encoding)
    print(try TagComparison(actual, found, scheme: scheme))
  }
}
