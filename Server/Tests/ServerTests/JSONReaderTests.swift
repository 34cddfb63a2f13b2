import InferenceProtocol
import Testing

@Suite struct JSONReaderTests {
  private func float(_ text: String) throws(RequestError) -> Float {
    var reader = JSONReader(Array(text.utf8))
    let value = try reader.float()
    try reader.finish()
    return value
  }

  /// Rounded once, as `strtof` rounds.
  @Test func floatsAreTheNearest() throws {
    // Halfway between two floats as a decimal, and a hair above: rounded by way of 64 bits it would
    // fall to the even one.
    #expect(try float("1.00000005960464477540").bitPattern == 0x3F80_0001)
    #expect(try float("1.0000000596046447754") == 1.0000001)
    #expect(try float("16777217") == 16_777_216)
    for text in [
      "0", "-0", "0.1", "-1e-7", "3.4028234e38", "1e-45", "123456789012345678901", "7E+3",
    ] {
      #expect(try float(text).bitPattern == Float(text)?.bitPattern, "\(text)")
    }
    var bits: UInt32 = 1
    for _ in 0..<20_000 {
      bits = bits &* 1_664_525 &+ 1_013_904_223
      let value = Float(bitPattern: bits)
      guard value.isFinite else { continue }
      #expect(try float("\(value)").bitPattern == bits)
    }
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "1e", "+1", "nul", "\"", "\"\\x\"",
    "\"\\ud800\"",
    "\"\\u12\"", "\"a\u{1}\"", "[1 2]", "{\"a\" 1}", "{a:1}", "1 2", "\"\\", "-", "NaN", "Infinity",
    "\u{FEFF}1", "[", "{\"a\":1,\"a\":2}", "1e999",
  ]) func isRefused(_ text: String) {
    #expect(throws: RequestError.self) { try JSONValue(text: Array(text.utf8)) }
  }

  @Test func valuesComeBack() throws {
    let text = #"{"a":[1,-2.5,true,false,null,"x\n\"\\\u00e9\ud83d\ude00"],"b":{}}"#
    let value = try JSONValue(text: Array(text.utf8))
    #expect(value["a"]?.array?.last == "x\n\"\\é😀")
    #expect(try JSONValue(text: value.text) == value)
  }

  @Test func deepNestingIsRefused() {
    for opening in ["[", "{\"a\":"] {
      #expect(throws: RequestError.self) {
        try JSONValue(text: Array(String(repeating: opening, count: 100_000).utf8))
      }
    }
  }

  @Test func bytesThatAreNoTextAreRefused() {
    #expect(throws: RequestError.self) { try JSONValue(text: [0x22, 0xFF, 0x22]) }
  }
}
