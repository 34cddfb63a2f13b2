import Recurrent
import RecurrentFiles

// JSON: an object a sentence, with its tokens and its tags, as `{"tokens": […], "ner_tags": […]}`.

extension TaggedSentences {
  /// The sentences of a file of JSON objects, one a line, or of one array of them; nil if the file is
  /// none.
  static func objects(
    _ file: TextFile, _ columns: TagColumns
  ) throws(DataError) -> TaggedSentences? {
    let lines = file.lines
    guard let first = lines.first(where: { !$0.allSatisfy(\.isWhitespace) }) else { return nil }
    let start = first.drop(while: \.isWhitespace)
    guard ["{\"", "[{"].contains(where: start.hasPrefix) || start == "[" else { return nil }
    var objects: [(object: TokenObject, line: Int?)] = []
    if start.hasPrefix("[") {
      objects = try decodeJSON([TokenObject].self, from: Array(file.text.utf8), file: file.source)
        .map { ($0, nil) }
    } else {
      for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
        do throws(DataError) {
          objects.append(
            (try decodeJSON(TokenObject.self, from: Array(line.utf8), file: file.source), index + 1)
          )
        } catch {
          var error = error
          error.line = index + 1
          error.advice = "Expected one object a line, as {\"tokens\": […], \"tags\": […]}"
          throw error
        }
      }
    }
    var result = TaggedSentences([], source: file.source)
    result.columns = columns
    guard let names = objects.first?.object.lists.keys.sorted() else {
      throw DataError(file: file.source, problem: "there is no object in it")
    }
    func member(_ name: String?, _ known: [String], _ what: String) throws(DataError) -> String {
      if let name = name ?? KnownNames.place(of: known, in: names).map({ names[$0] }) {
        return name
      }
      throw DataError(
        file: file.source, line: objects[0].line,
        problem: "there is no member of \(what) among the "
          + "lists of the first object: "
          + (names.isEmpty ? "none" : names.map(quoted).joined(separator: ", ")),
        advice: "`recurrent train tagger` takes members by name: --token-column and --tag-column")
    }
    let token = try member(columns.tokenName, KnownNames.tokens, "tokens")
    let tag = try member(columns.tagName, KnownNames.tags, "tags")
    var areNumbers = false
    for (index, (object, line)) in objects.enumerated() {
      func fail(_ problem: String, _ advice: String? = nil) -> DataError {
        DataError(
          file: file.source, line: line, place: line == nil ? "object \(index + 1)" : nil,
          problem: problem, advice: advice)
      }
      guard let tokens = object.lists[token], let tags = object.lists[tag] else {
        throw fail(
          "there is no list of texts or numbers \(quoted(object.lists[token] == nil ? token : tag))"
        )
      }
      guard tokens.count == tags.count else {
        throw fail("found \(tokens.count) tokens and \(tags.count) tags, expected as many")
      }
      var sentence = Sentence(tokens: [], tags: [], file: file.source, line: line)
      sentence.isOneLine = true
      let isNumbered = object.numbers.contains(tag)
      areNumbers = areNumbers || isNumbered
      for (text, found) in zip(tokens, tags) {
        if text.isEmpty {
          result.emptyTokens += 1
          continue
        }
        guard !found.isEmpty else { throw fail("found an empty tag", "Say O for a token outside") }
        sentence.tokens.append(text)
        guard isNumbered, let names = columns.tagNames else {
          sentence.tags.append(found)
          continue
        }
        guard let number = Int(found), names.indices.contains(number) else {
          throw fail("found the tag \(found), expected 0 to \(names.count - 1), of --tag-names")
        }
        sentence.tags.append(names[number])
      }
      if !sentence.tokens.isEmpty { result.sentences.append(sentence) }
    }
    guard !result.sentences.isEmpty else {
      throw DataError(file: file.source, problem: "there is no token in it")
    }
    result.reading =
      "JSON: tokens in \(quoted(token)), tags in \(quoted(tag)); others by --token-column and --tag-column"
    if areNumbers, columns.tagNames == nil {
      result.reading? +=
        "; the tags are numbers, taken as plain tags: what they stand for is said with "
        + "--tag-names O,B-PER,I-PER,…"
    }
    return result
  }
}

/// The members of an object that are lists of texts or of whole numbers, as texts.
private struct TokenObject: Decodable {
  var lists: [String: [String]] = [:]
  /// The names of the lists of numbers.
  var numbers: Set<String> = []

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: AnyKey.self)
    for key in container.allKeys {
      if let texts = try? container.decode([String].self, forKey: key) {
        lists[key.stringValue] = texts
      } else if let found = try? container.decode([Int].self, forKey: key) {
        lists[key.stringValue] = found.map { "\($0)" }
        numbers.insert(key.stringValue)
      }
    }
  }
}
