import Foundation
import Recurrent
import RecurrentFiles

/// Lists of names (gazetteers): of each word of a sentence, whether a name of a list begins or goes on
/// there.
///
/// Names are compared word by word and without regard to capitals; of several that begin at a word, the
/// one of the most words counts, and the next begins behind it. Lists do not look at one another.
public struct NameLists: Sendable, Codable, Equatable {
  /// A list.
  public struct List: Sendable, Codable, Equatable {
    /// The label that the list's names are of.
    public let label: String
    /// The list's names in small letters, one space between words.
    public let names: [String]
  }

  /// The file's name in a model folder.
  static let file = "lists.json"
  /// Lists at most: more are a column that is no label.
  static let maximumLists = 100
  /// A name of more words is left out.
  static let maximumWords = 20
  /// What the file in the model folder can hold.
  static let maximumBytes = 200_000_000

  /// The lists, by label.
  public let lists: [List]
  /// Names that were left out, of too many words.
  public private(set) var leftOut = 0
  /// The lists that have a name.
  private var places: [String: [Int]] = [:]
  /// The words at most of names that begin with a word.
  private var longest: [String: Int] = [:]

  private enum CodingKeys: CodingKey { case lists }

  private static let normalization = TextNormalization(form: .nfc, lowercases: true)

  /// Names, each by its words, by label.
  init(_ names: [String: [[String]]]) {
    var leftOut = 0
    lists = names.sorted { $0.key < $1.key }.map { label, names in
      var kept: Set<String> = []
      for words in names where !words.isEmpty {
        if words.count > Self.maximumWords {
          leftOut += 1
        } else {
          kept.insert(words.map { Self.normalization($0) }.joined(separator: " "))
        }
      }
      return List(label: label, names: kept.sorted())
    }
    self.leftOut = leftOut
    index()
  }

  /// Lists as `encode(to:)` wrote them.
  public init(from decoder: any Decoder) throws {
    lists = try decoder.container(keyedBy: CodingKeys.self).decode([List].self, forKey: .lists)
    index()
  }

  private mutating func index() {
    for (number, list) in lists.enumerated() {
      for name in list.names {
        let words = name.split(separator: " ", omittingEmptySubsequences: false)
        places[name, default: []].append(number)
        let first = String(words[0])
        longest[first] = max(longest[first] ?? 0, min(words.count, Self.maximumWords))
      }
    }
  }

  /// G, two numbers a list.
  var size: Int { 2 * lists.count }

  /// Where names stand in a sentence: for each word and list 1 and 0 where one begins, 0 and 1 where it
  /// goes on, else zeros; `[T, G]` row by row.
  func marks(of sentence: [String]) -> [Float] {
    var marks = [Float](repeating: 0, count: sentence.count * size)
    let words = sentence.map { Self.normalization($0) }
    // Where the last name of each list ends.
    var ends = lists.map { _ in 0 }
    for start in words.indices {
      let first = words[start].split(separator: " ", omittingEmptySubsequences: false)[0]
      var length = min(longest[String(first)] ?? 0, words.count - start)
      var found: Set<Int> = []
      while length > 0 {
        let name = words[start..<start + length].joined(separator: " ")
        for list in places[name] ?? []
        where start >= ends[list] && !found.contains(list) {
          found.insert(list)
          ends[list] = start + length
          for word in start..<start + length {
            marks[word * size + 2 * list + (word == start ? 0 : 1)] = 1
          }
        }
        length -= 1
      }
    }
    return marks
  }

  /// The first way in which lists of a file cannot be: a sentence.
  var problem: String? {
    if lists.isEmpty || lists.count > Self.maximumLists {
      return "\(lists.count) lists of names, expected 1 to \(Self.maximumLists)"
    }
    return nil
  }

  /// Lists and names in words.
  var summary: String {
    lists.prefix(12).map { "\($0.label) \(NumberFormat.grouped($0.names.count))" }
      .joined(separator: ", ") + (lists.count > 12 ? " and \(lists.count - 12) more" : "")
      + " names"
  }

  /// What each list has and how much of sentences is in it, as lines of a plan.
  func explanation(on sentences: [[String]]) -> String {
    var words = lists.map { _ in 0 }
    var count = 0
    for sentence in sentences {
      let marks = marks(of: sentence)
      count += sentence.count
      for place in marks.indices where marks[place] != 0 { words[place % size / 2] += 1 }
    }
    let lines = zip(lists, words).map { list, words in
      "\(list.label): \(NumberFormat.grouped(list.names.count)) names, "
        + "\(NumberFormat.fixed(100 * Double(words) / Double(max(1, count)), 2)) % of the training words"
    }
    return "lists       "
      + (lines.prefix(12) + (lines.count > 12 ? ["and \(lines.count - 12) more"] : [])
      + (leftOut > 0
        ? [
          "\(NumberFormat.grouped(leftOut)) names of more than \(Self.maximumWords) words were left out"
        ] : []))
      .joined(separator: "\n            ")
  }
}

extension NameLists {
  /// Reads files of names: a line a name, of the list that the file is called; or a label, a tab and a
  /// name of the list of that label.
  ///
  /// - Parameter cut: A name's words as those of the sentences are cut.
  /// - Throws: ``DataError`` if a file cannot be read, a line has more than one tab, or a part of it is
  ///   empty; if there is no name in it, or there are too many lists or names.
  init(_ paths: [String], cut: (String) -> [String]) throws(DataError) {
    var names: [String: [[String]]] = [:]
    var bytes = 0
    for path in paths {
      let file = try TextFile(path)
      let label = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
      var isEmpty = true
      for (index, line) in file.lines.enumerated() {
        func fail(_ problem: String) -> DataError {
          DataError(
            file: file.source, line: index + 1, problem: problem,
            advice: "A line is a name, or a label, a tab and a name")
        }
        let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
        guard cells.count <= 2 else {
          throw fail("found \(cells.count) columns between tabs, expected at most 2")
        }
        let words = cut(String(cells[cells.count - 1]))
        if cells.count == 1, words.isEmpty { continue }
        let own = cells.count == 1 ? label : cells[0].trimmingCharacters(in: .whitespaces)
        guard !words.isEmpty else { throw fail("found no name behind the label") }
        guard !own.isEmpty else { throw fail("found no label before the tab") }
        names[own, default: []].append(words)
        isEmpty = false
        bytes += line.utf8.count + 8
        guard names.count <= Self.maximumLists else {
          throw fail(
            "found the label \"\(own.prefix(40))\", which would be that of list \(names.count); expected "
              + "at most \(Self.maximumLists) lists")
        }
        guard bytes <= Self.maximumBytes else {
          throw fail("found more than \(NumberFormat.bytes(Double(Self.maximumBytes))) of names")
        }
      }
      guard !isEmpty else {
        throw DataError(
          file: file.source, problem: "there is no name in it", advice: "Expected a name a line")
      }
    }
    self.init(names)
  }
}
