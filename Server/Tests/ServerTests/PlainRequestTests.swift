import Testing

@testable import ServerHTTP

@Suite struct PlainRequestTests {
  private static let fields =
    "Host: localhost:8080\r\nUser-Agent: x/1\r\naccept: */*\r\nContent-Type: application/json\r\n"
  private static let step =
    "POST /v2/models/lstm-1.b/infer HTTP/1.1\r\n" + fields + "Content-Length: 4\r\n\r\n"

  private func read(_ text: String) -> PlainRequest? {
    Array(text.utf8).withUnsafeBytes { PlainRequest($0) }
  }

  @Test func aStepIsRead() throws {
    let request = try #require(read(Self.step + "{..}POST"))
    #expect(request.model == "lstm-1.b" && request.jsonCount == nil)
    #expect(request.headCount == Self.step.utf8.count && request.bodyCount == 4)
    let binary = Self.step.replacing("Host", with: "INFERENCE-header-content-length: \t 3 \r\nhost")
    #expect(read(binary)?.jsonCount == 3)
  }

  @Test func aHeadThatHasNotEndedIsNone() {
    for count in 0..<Self.step.utf8.count {
      let cut = Array(Self.step.utf8.prefix(count))
      #expect(cut.withUnsafeBytes { PlainRequest($0) } == nil, "\(count)")
    }
  }

  /// Requests whose end is known, and whose answer is the application's.
  @Test(arguments: [
    "GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v2/models/lstm/infer HTTP/1.1\r\nContent-Length: 4\r\n\r\n",
    "POST /v2/models/lstm/infer HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nContent-Length: 4\r\n\r\n",
    "POST /v2/models/lstm/infer HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Length: 4\r\n\r\n",
    "POST /v2/models//infer HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n",
    "POST /v2/models/a/b/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n",
    "POST /v2/models/a%20b/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n",
    "POST /v2/models/a/infer?x HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n",
  ])
  func othersAreTold(_ text: String) throws {
    let request = try #require(read(text))
    #expect(request.model == nil && request.headCount == text.utf8.count)
  }

  /// Whatever could make two readers see two ends is left to the decoder.
  @Test(arguments: [
    ("Content-Length: 4", "Content-Length: 4\r\nContent-Length: 4"),
    ("Content-Length: 4", "Content-Length: 4\r\nTransfer-Encoding: chunked"),
    ("Content-Length: 4", "Content-Length: +4"), ("Content-Length: 4", "Content-Length: 4, 4"),
    ("Content-Length: 4", "Content-Length: 0x4"), ("Content-Length: 4", "Content-Length:"),
    ("Content-Length: 4", "Content-Length: 1234567890"),
    ("Content-Length: 4", "Content-Length : 4"), ("Content-Length: 4", "Content-Length\r\n : 4"),
    ("Content-Length: 4", "Content-Length: 4\r\nExpect: 100-continue"),
    ("Content-Length: 4", "Content-Length: 4\r\nConnection: close"),
    ("Content-Length: 4", "Content-Length: 4\r\nUpgrade: h2c"),
    ("\r\naccept", "\naccept"), ("\r\naccept", "\r\n accept"), ("*/*", "*/\u{1}*"),
    ("*/*", "*\r/*"), ("HTTP/1.1", "HTTP/1.0"), ("HTTP/1.1", "HTTP/1.1 "), ("POST", "post"),
    ("POST", "HEAD"), ("POST", " POST"), ("POST /", "POST  /"), ("/v2", "x/v2"),
    ("Host:", "Host: a\r\nHost:"), ("Host:", "H\u{e9}ost:"),
    ("*/*", String(repeating: "x", count: 9000)),
  ])
  func whatIsInDoubtIsNotRead(_ from: String, _ to: String) {
    #expect(read(Self.step.replacing(from, with: to, maxReplacements: 1) + "{..}") == nil)
  }
}
