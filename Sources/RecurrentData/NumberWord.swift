import RecurrentFiles

/// A word that stands beside every number of a column: `100.13 kWh`, `EUR 12`, `273.1K`.
struct NumberWord: Equatable {
  /// The word as it is written.
  let bytes: [UInt8]
  /// Whether it stands in front.
  let isFirst: Bool

  var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The cell without the word; nil if it has none.
  func stripped(
    _ cell: DelimitedText.Cell, in text: UnsafeBufferPointer<UInt8>
  ) -> DelimitedText.Cell? {
    var range = cell.range
    while let last = range.last, text[last] == Ascii.space { range.removeLast() }
    while let first = range.first, text[first] == Ascii.space { range.removeFirst() }
    let place = isFirst ? range.prefix(bytes.count) : range.suffix(bytes.count)
    guard text[place].elementsEqual(bytes) else { return nil }
    let rest = isFirst ? place.upperBound..<range.upperBound : range.lowerBound..<place.lowerBound
    return rest.isEmpty ? nil : DelimitedText.Cell(range: rest, isQuoted: cell.isQuoted)
  }

  /// The word beside the number of a cell; nil if it is none, or more stands there.
  init?(_ cell: DelimitedText.Cell, in text: UnsafeBufferPointer<UInt8>) {
    var content = text[cell.range]
    while content.last == Ascii.space { content.removeLast() }
    while content.first == Ascii.space { content.removeFirst() }
    guard content.count <= 64, content.contains(where: isDigit) else { return nil }
    let first = content.prefix { isWordByte($0) || $0 == UInt8(ascii: "$") || $0 == Ascii.point }
    if !first.isEmpty, first.contains(where: isLetter) {
      let word = String(decoding: first, as: UTF8.self)
      guard Self.currencies.contains(word.uppercased()) else { return nil }
      (bytes, isFirst) = (Array(first), true)
      return
    }
    // Behind the digits, marks and spaces of the number; units hold digits, too, as m3.
    let isOfNumber: (UInt8) -> Bool = { isDigit($0) || "+-.,'() ".utf8.contains($0) }
    var end = content.startIndex
    while end < content.endIndex {
      let isSpace = Self.spaces.contains { content[end...].starts(with: $0) }
      guard isOfNumber(content[end]) || isSpace else { break }
      end += isSpace ? Self.spaces[0].count : 1
    }
    let word = content[Swift.min(end, content.endIndex)...]
    guard end > content.startIndex, (1...16).contains(word.count),
      word.first.map({ isWordByte($0) || "%/".utf8.contains($0) }) ?? false,
      word.contains(where: isWordByte),
      !NumberText.Unit.allCases.contains(where: {
        word.elementsEqual($0.sign.utf8)
      }), !Self.isOfTime(word)
    else { return nil }
    (bytes, isFirst) = (Array(word), false)
  }

  private static let spaces = ["\u{A0}"].map { Array($0.utf8) }

  /// Months, days and zones are no units, nor is the letter of a quarter or a week.
  private static func isOfTime(_ word: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    TimeLanguage.allCases.contains { language in
      TimeNames.place(of: word, among: TimeNames.months(language)) != nil
        || TimeNames.place(of: word, among: TimeNames.days(language)) != nil
    } || TimeNames.zone(word) != nil
      || ["am", "pm", "z"].contains(String(decoding: word, as: UTF8.self).lowercased())
  }

  private static let currencies: Set = [
    "EUR", "USD", "GBP", "CHF", "JPY", "CNY", "RMB", "INR", "RS", "RS.", "SEK", "NOK", "DKK", "KR",
    "PLN", "CZK", "HUF", "AUD", "CAD", "NZD", "BRL", "R$", "US$", "FR.", "SFR.", "ZAR", "TRY",
    "RUB",
    "KRW", "HKD", "SGD", "MXN",
  ]
}

extension NumberText {
  /// What the ending of a number multiplies it by, in words; nil where there is none.
  static func scale(_ word: [UInt8]) -> String? {
    switch String(decoding: word, as: UTF8.self) {
    case "k", "K": "thousands"
    case "M": "millions"
    case "B", "bn": "billions"
    default: nil
    }
  }
}

extension Table {
  /// The word beside all numbers of a column, or beside nearly all if it cannot mean how many they are;
  /// and the endings such as `K` and `M` that do mean it, since they differ.
  func numberWord(
    column: Int, in bytes: UnsafeBufferPointer<UInt8>
  ) -> (word: NumberWord?, scales: [String]) {
    var words: [NumberWord] = []
    var count = 0
    // Most columns have none, which their first cells show.
    for row in 0..<rowCount where row < 50 || !words.isEmpty {
      let cell = text.cell(row: row, column: column, in: bytes)
      if NumberText.isMissing(cell, in: bytes) { continue }
      let plain = DecimalMark.allCases.lazy.compactMap {
        NumberText.value(cell, in: bytes, mark: $0)
      }.first
      // Zero is zero in every unit.
      if plain == 0 { continue }
      count += 1
      if plain == nil, let word = NumberWord(cell, in: bytes) { words.append(word) }
    }
    guard let first = words.first else { return (nil, []) }
    let alike = words.count { $0 == first }
    let scales = Set(words.compactMap { $0.isFirst ? nil : NumberText.scale($0.bytes) })
    if !scales.isEmpty, alike < count {
      let names = Set(words.filter { NumberText.scale($0.bytes) != nil }.map(\.text)).sorted()
      return (nil, names.map { "\($0) for \(NumberText.scale(Array($0.utf8)) ?? "")" })
    }
    return 10 * alike >= 9 * count ? (first, []) : (nil, [])
  }
}
