import Recurrent

/// Texts with the class that each belongs to, and where each stands.
public struct LabeledTexts: Sendable {
  /// A text and its label.
  public struct Example: Sendable, Equatable {
    private enum Content {
      case held(String)
      case stored(TextStore, start: Int, count: Int)
    }

    private var content: Content
    /// The class it belongs to.
    public var label: String
    /// The file it came from.
    public var file: String
    /// The text's line in its file, from 1; nil for a file of its own.
    public var line: Int?

    /// A text and its label.
    public init(text: String, label: String, file: String = "text", line: Int? = nil) {
      (content, self.label, self.file, self.line) = (.held(text), label, file, line)
    }

    /// One whose text lies in a store of many.
    ///
    /// - Throws: ``DataError`` if there is no room for it.
    init(_ example: Example, in store: TextStore) throws(DataError) {
      self = example
      let range = try store.append(example.text)
      content = .stored(store, start: range.lowerBound, count: range.count)
    }

    /// The text. One of many is read from a temporary file each time.
    public var text: String {
      get {
        switch content {
        case .held(let text): text
        case .stored(let store, let start, let count): store.text(start..<start + count)
        }
      }
      set { content = .held(newValue) }
    }

    /// Bytes of the text.
    var byteCount: Int {
      switch content {
      case .held(let text): text.utf8.count
      case .stored(_, _, let count): count
      }
    }

    /// Whether text, label and place are the same.
    public static func == (one: Example, other: Example) -> Bool {
      one.label == other.label && one.file == other.file && one.line == other.line
        && one.text == other.text
    }
  }

  /// The texts, in the order in which they were read.
  public var examples: [Example]
  /// The files that were read, for reports.
  public var source: String
  /// Lines without a text that were left out.
  public var blankLines: Int
  /// Rows whose text is empty, left out.
  public var emptyTexts = 0
  /// The first line of a file with numbered columns, left out since it names them; nil if there is none.
  public var header: String?
  /// The columns of the table or the members of the objects, if they came from one.
  public var columns: TextColumns?
  /// Bytes of texts that lie in a temporary file, since they are many.
  var diskSize = 0

  /// Texts from elsewhere.
  public init(_ examples: [Example], source: String = "texts") {
    self.init(examples, source: source, blankLines: 0)
  }

  init(
    _ examples: [Example] = [], source: String, blankLines: Int = 0, columns: TextColumns? = nil
  ) {
    self.examples = examples
    self.source = source
    self.blankLines = blankLines
    self.columns = columns
  }

  /// What is to be said of how they were read: sentences without a full stop.
  package var remarks: [String] {
    var remarks: [String] = []
    func left(_ count: Int, _ one: String, _ many: String) {
      if count > 0 {
        remarks.append(count == 1 ? "1 \(one) was left out" : "\(count) \(many) were left out")
      }
    }
    if let header {
      remarks.append("the first line, \(header), is taken for names of the columns, and left out")
    }
    left(blankLines, "blank line", "blank lines")
    left(emptyTexts, "row with an empty text", "rows with an empty text")
    return remarks
  }

  /// Leaves out the first, if its label is a word that no other has: of columns that are named by their
  /// numbers, a header.
  mutating func removeHeader() {
    guard let first = examples.first, examples.count > 3, Double(first.label) == nil,
      !examples.dropFirst().contains(where: { $0.label == first.label })
    else { return }
    examples.removeFirst()
    header = "\"\(first.text.prefix(40))\" and \"\(first.label.prefix(40))\""
  }

  /// The labels, each once: numbers by value, else by letters.
  public var labels: [String] {
    let labels = Set(examples.map(\.label))
    guard labels.allSatisfy({ Int($0) != nil }) else { return labels.sorted() }
    return labels.sorted { (Int($0) ?? 0, $0) < (Int($1) ?? 0, $1) }
  }
}

/// The columns that hold texts and labels: names; or numbers from 1, for a file without a header.
public struct TextColumns: Sendable, Codable, Equatable {
  /// The column of the texts.
  public var text: String
  /// The column of the labels.
  public var label: String

  /// A choice of columns.
  public init(text: String = "text", label: String = "label") {
    self.text = text
    self.label = label
  }
}
