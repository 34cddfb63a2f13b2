import RecurrentFiles

extension NumberText {
  /// A number with what stands beside it.
  struct Written {
    var value: Double
    var unit: Unit?
  }

  /// What a column's numbers are of.
  enum Unit: UInt8, CaseIterable {
    case percent, dollar, euro, pound, yen, rupee

    var sign: String {
      switch self {
      case .percent: "%"
      case .dollar: "$"
      case .euro: "€"
      case .pound: "£"
      case .yen: "¥"
      case .rupee: "₹"
      }
    }
  }

  /// The number that `cell` holds as people write it: `$3,617`, `0.48%`, `1.55M`, `12k`, `(12.5)` and
  /// `12.5-` for negative ones, `1 234` with any space; `nil` when it holds something else.
  static func written(
    _ cell: DelimitedText.Cell, in text: UnsafeBufferPointer<UInt8>, mark: DecimalMark
  ) -> Written? {
    if let value = value(cell, in: text, mark: mark) { return Written(value: value) }
    guard cell.range.count <= 64 else { return nil }
    return decorated(plainBytes(text[cell.range]), mark)
  }

  /// Spaces, apostrophes and minus signs beyond ASCII as those within.
  private static func plainBytes(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> [UInt8] {
    var result: [UInt8] = []
    var rest = bytes
    while let byte = rest.first {
      if let (other, plain) = lookalikes.first(where: { rest.starts(with: $0.other) }) {
        result.append(plain)
        rest = rest.dropFirst(other.count)
      } else {
        result.append(byte)
        rest = rest.dropFirst()
      }
    }
    return result
  }

  private static let lookalikes: [(other: [UInt8], plain: UInt8)] = [
    ("\u{A0}", Ascii.space), ("\u{202F}", Ascii.space), ("\u{2009}", Ascii.space),
    ("\u{2007}", Ascii.space), ("\u{2019}", Ascii.apostrophe), ("\u{2212}", Ascii.minus),
  ].map { (Array($0.utf8), $1) }

  private static func decorated(_ bytes: [UInt8], _ mark: DecimalMark) -> Written? {
    var rest = bytes[...]
    var (isNegative, hasSign, unit, exponent) = (false, false, Unit?.none, Int?.none)
    func trim() {
      while rest.first == Ascii.space { rest.removeFirst() }
      while rest.last == Ascii.space { rest.removeLast() }
    }
    trim()
    if rest.first == Ascii.openingParenthesis, rest.last == Ascii.closingParenthesis {
      rest = rest.dropFirst().dropLast()
      (isNegative, hasSign) = (true, true)
    }
    var count = -1
    while count != rest.count {
      count = rest.count
      trim()
      if !hasSign, let sign = [rest.first, rest.last].firstIndex(where: { $0 == Ascii.minus }) {
        rest = sign == 0 ? rest.dropFirst() : rest.dropLast()
        (isNegative, hasSign) = (true, true)
      }
      if !hasSign, rest.first == Ascii.plus {
        rest = rest.dropFirst()
        hasSign = true
      }
      if unit == nil {
        for other in Unit.allCases {
          let sign = Array(other.sign.utf8)
          if rest.suffix(sign.count) == sign[...] {
            (rest, unit) = (rest.dropLast(sign.count), other)
          } else if other != .percent, rest.starts(with: sign) {
            (rest, unit) = (rest.dropFirst(sign.count), other)
          }
          if unit != nil { break }
        }
      }
      if exponent == nil,
        let found = scales.first(where: { rest.suffix($0.name.count) == $0.name[...] })
      {
        (rest, exponent) = (rest.dropLast(found.name.count), found.exponent)
      }
    }
    guard let first = rest.first, isDigit(first) || first == Ascii.point || first == Ascii.comma,
      var core = grouped(rest)
    else { return nil }
    if let exponent {
      guard !core.contains(where: { $0 | 0x20 == 0x65 }) else { return nil }
      core += Array("e\(exponent)".utf8)
    }
    return core.withUnsafeBufferPointer { core in
      value(core, core.indices, mark).map { Written(value: isNegative ? -$0 : $0, unit: unit) }
    }
  }

  /// Thousands and so on; `m` could be a thousandth or a metre.
  private static let scales: [(name: [UInt8], exponent: Int)] = [
    ("k", 3), ("K", 3), ("M", 6), ("B", 9), ("bn", 9),
  ].map { (Array($0.utf8), $1) }

  /// Spaces between digits as the apostrophes that other places write; nil where there are both.
  private static func grouped(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    guard bytes.contains(Ascii.space) else { return Array(bytes) }
    guard !bytes.contains(Ascii.apostrophe) else { return nil }
    return bytes.map { $0 == Ascii.space ? Ascii.apostrophe : $0 }
  }
}
