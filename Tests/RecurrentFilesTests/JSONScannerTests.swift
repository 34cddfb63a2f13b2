import Foundation
import RecurrentFiles
import Testing

/// What is JSON, and nothing else.
@Suite struct JSONScannerTests {
  @Test(arguments: [
    "0", "-0", "1e5", "-1.25E-3", "\"\\ud83d\\ude00 \\u00e9\"", "[]", "{}",
    " [1 , {\"a\":[]}]\t\r\n",
    "true", "null", String(repeating: "[", count: 64) + String(repeating: "]", count: 64),
  ])
  func soundJSONPasses(_ text: String) throws {
    var scanner = JSONScanner(Array(text.utf8))
    try scanner.validate()
    #expect(throws: Never.self) {
      try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }
  }

  @Test(arguments: [
    "", " ", "01", "-", "1.", ".5", "1e", "+1", "tru", "nulll", "[1 2]", "[,]", "{\"a\"}", "{a:1}",
    "{\"a\":1,\"a\":2}", "\"", "\"\\u12G4\"", "\"\\ud800\\u0041\"", "'a'", "[1]]", "// x\n1",
    String(repeating: "[", count: 66) + String(repeating: "]", count: 66),
    String(repeating: "[", count: 200_000), String(repeating: "{\"a\":", count: 200_000),
  ])
  func unsoundJSONIsRefused(_ text: String) {
    var scanner = JSONScanner(Array(text.utf8))
    #expect(throws: JSONScanner.Failure.self) { try scanner.validate() }
  }

  @Test func stringsAndPlacesAreRead() throws {
    var scanner = JSONScanner(Array("\n \"a\\n\\/\\\"\\ud83d\\ude00é\" 12".utf8))
    #expect(try scanner.string() == "a\n/\"\u{1F600}é")
    #expect(try scanner.naturalNumber() == 12)
    try scanner.expectEnd()
    #expect(scanner.lineAndColumn(of: 0) == (1, 1))
    #expect(scanner.lineAndColumn(of: 2) == (2, 2))
  }
}
