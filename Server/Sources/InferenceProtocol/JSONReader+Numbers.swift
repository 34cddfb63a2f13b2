/// Numbers, each rounded once.
extension JSONReader {
  /// The bytes of the next number, in JSON's grammar.
  mutating func numberRange() throws(RequestError) -> Range<Int> {
    guard let first = peek(), first == UInt8(ascii: "-") || isDigit(first) else {
      throw unexpected("a value")
    }
    let start = position
    if first == UInt8(ascii: "-") { position += 1 }
    let leading = position
    try digits()
    if bytes[leading] == UInt8(ascii: "0"), position > leading + 1 {
      throw failure("found a number that begins with 0")
    }
    if position < end, bytes[position] == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if position < end, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < end,
        bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position += 1
      }
      try digits()
    }
    return start..<position
  }

  private mutating func digits() throws(RequestError) {
    let start = position
    while position < end, isDigit(bytes[position]) { position += 1 }
    guard position > start else { throw failure("expected a digit") }
  }

  @inline(__always)
  private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  /// Reads a whole number; a fraction of zeros, as in `60.0`, is none.
  public mutating func integer() throws(RequestError) -> Int64 {
    let range = try numberRange()
    var (value, place) = (Int64(0), range.lowerBound)
    let isNegative = bytes[place] == UInt8(ascii: "-")
    if isNegative { place += 1 }
    while place < range.upperBound, isDigit(bytes[place]) {
      let digit = Int64(bytes[place] - 0x30)
      let (tens, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, overAgain) =
        isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
      guard !over, !overAgain else { throw failure("found a number beyond 64 bits") }
      (value, place) = (sum, place + 1)
    }
    let rest = bytes[place..<range.upperBound]
    guard rest.allSatisfy({ $0 == UInt8(ascii: ".") || $0 == 0x30 }) else {
      throw failure("found a number with a fraction or exponent, expected a whole one")
    }
    return value
  }

  /// Reads a finite number, rounded to the nearest of 64 bits.
  public mutating func double() throws(RequestError) -> Double {
    let range = try numberRange()
    let number = decimal(range) ?? Double(text(range)) ?? .nan
    guard number.isFinite else { throw failure("found a number beyond those of 64 bits") }
    return number
  }

  /// Reads a finite number, rounded to the nearest of 32 bits.
  public mutating func float() throws(RequestError) -> Float {
    let range = try numberRange()
    // A number of 64 bits halfway between two of 32 was itself rounded, so it does not tell to which.
    if let number = decimal(range), number.bitPattern & 0x1FFF_FFFF != 0x1000_0000,
      number == 0 || (1e-37...1e38).contains(number.magnitude)
    {
      return Float(number)
    }
    let number = Float(text(range)) ?? .nan
    guard number.isFinite else { throw failure("found a number beyond those of 32 bits") }
    return number
  }

  private func text(_ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self)
  }

  /// The number in `range` where it is a product or quotient of two that are exact; else nil.
  @inline(__always)
  private func decimal(_ range: Range<Int>) -> Double? {
    var (mantissa, exponent, place) = (UInt64(0), 0, range.lowerBound)
    let isNegative = bytes[place] == UInt8(ascii: "-")
    if isNegative { place += 1 }
    guard range.upperBound - place <= 19 else { return nil }
    var isFraction = false
    while place < range.upperBound {
      let byte = bytes[place]
      place += 1
      if isDigit(byte) {
        mantissa = mantissa * 10 + UInt64(byte - 0x30)
        if isFraction { exponent -= 1 }
      } else if byte == UInt8(ascii: ".") {
        isFraction = true
      } else {
        let sign = bytes[place]
        if !isDigit(sign) { place += 1 }
        var written = 0
        while place < range.upperBound {
          written = written * 10 + Int(bytes[place] - 0x30)
          place += 1
          if written > 400 { return nil }
        }
        exponent += sign == UInt8(ascii: "-") ? -written : written
      }
    }
    guard mantissa <= 1 << 53, (-22...22).contains(exponent) else { return nil }
    let power = Self.powers[abs(exponent)]
    let value = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
    return isNegative ? -value : value
  }

  private static let powers: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17,
    1e18, 1e19, 1e20, 1e21, 1e22,
  ]
}
