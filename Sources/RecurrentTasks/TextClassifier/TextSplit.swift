import Recurrent

/// Texts dealt into parts at random, class by class, so that each part has about the same shares of
/// the classes.
struct TextSplit {
  let training: LabeledTexts
  let validation: LabeledTexts
  let test: LabeledTexts

  init(
    _ texts: LabeledTexts, labels: [String], options: TextClassifierOptions,
    splitsValidation: Bool, splitsTest: Bool
  ) {
    var parts: [[Int]] = [[], [], []]
    let rows = Dictionary(grouping: texts.examples.indices) { texts.examples[$0].label }
    for (index, label) in labels.enumerated() {
      var rows = rows[label] ?? []
      var generator = RandomGenerator(RandomKey(seed: options.seed).child(-2).child(index))
      rows.shuffle(using: &generator)
      let test = splitsTest ? Self.testRange(of: rows.count, options) : 0..<0
      let rest = Array(rows[..<test.lowerBound] + rows[test.upperBound...])
      let validation =
        splitsValidation ? Int((Double(rest.count) * options.validationFraction).rounded()) : 0
      parts[2] += rows[test]
      parts[1] += rest[..<validation]
      parts[0] += rest[validation...]
    }
    func part(_ rows: [Int]) -> LabeledTexts {
      LabeledTexts(
        rows.sorted().map { texts.examples[$0] }, source: texts.source, blankLines: 0,
        columns: texts.columns)
    }
    training = part(parts[0])
    validation = part(parts[1])
    test = part(parts[2])
  }

  private static func testRange(of count: Int, _ options: TextClassifierOptions) -> Range<Int> {
    guard let fold = options.fold else {
      return 0..<Int((Double(count) * options.testFraction).rounded())
    }
    return count * (fold.number - 1) / fold.count..<count * fold.number / fold.count
  }
}

extension LabeledTexts {
  /// The numbers of the classes.
  func classes(_ labels: [String]) -> [Int] {
    let places = Dictionary(uniqueKeysWithValues: labels.enumerated().map { ($1, $0) })
    return examples.map { places[$0.label] ?? 0 }
  }

  /// Throws for the first label that is not among `labels`.
  func checkLabels(_ labels: [String]) throws(DataError) {
    let known = Set(labels)
    for example in examples where !known.contains(example.label) {
      throw DataError(
        file: example.file, line: example.line,
        problem: "found the label \"\(example.label.prefix(40))\", which training has no text of",
        advice: "The labels are "
          + labels.prefix(20).map { "\"\($0.prefix(40))\"" }.joined(separator: ", "))
    }
  }

  /// Those with one of `labels`, and how many others there are.
  ///
  /// - Throws: ``DataError`` if there are others only.
  func known(
    _ labels: [String], unit: String
  ) throws(DataError) -> (texts: LabeledTexts, others: UnknownLabels?) {
    let others = UnknownLabels(examples.lazy.map(\.label), known: labels, unit: unit)
    guard let others else { return (self, nil) }
    if others.count == examples.count { try checkLabels(labels) }
    let known = Set(labels)
    var texts = self
    texts.examples.removeAll { !known.contains($0.label) }
    return (texts, others)
  }
}
