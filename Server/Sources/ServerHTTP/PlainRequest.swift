import Foundation

/// A request over HTTP/1.1 as its bytes say it, taken apart no further than a step of a stream needs.
///
/// Only heads that leave no doubt about where the request ends are read; all others are for the decoder.
struct PlainRequest: Equatable {
  /// Bytes of the head, with the empty line behind it.
  private(set) var headCount = 0
  /// Bytes of the body.
  private(set) var bodyCount = 0
  /// Of `POST /v2/models/NAME/infer` the name, if no field says anything that the answer depends on.
  private(set) var model: String?
  /// Where the JSON of the body ends, if tensors follow as bytes.
  private(set) var jsonCount: Int?

  /// Bytes of the request.
  var count: Int { headCount + bodyCount }

  /// Longer heads are left to the decoder.
  private static let longestHead = 8192
  private static let (front, back) = (Array("/v2/models/".utf8), Array("/infer".utf8))

  /// Reads the head at the start of `bytes`; nil if it has not come to its end, or is not as plain as that.
  init?(_ bytes: UnsafeRawBufferPointer) {
    guard let first = Self.line(bytes, from: 0), readRequest(bytes[..<first]) else { return nil }
    var (place, hasHost, hasLength) = (first + 2, false, false)
    while let end = Self.line(bytes, from: place) {
      guard end > place else {
        headCount = end + 2
        if !hasHost { model = nil }
        return
      }
      let field = bytes[place..<end]
      place = end + 2
      guard let colon = field.firstIndex(of: UInt8(ascii: ":")), colon > field.startIndex,
        field[..<colon].allSatisfy(Self.isOfName)
      else { return nil }
      let value = Self.trimmed(field[(colon + 1)...])
      switch Self.lowercased(field[..<colon]) {
      case "host":
        guard !hasHost, !value.isEmpty else { return nil }
        hasHost = true
      case "content-length":
        guard !hasLength, let count = Self.number(value) else { return nil }
        (hasLength, bodyCount) = (true, count)
      case "inference-header-content-length":
        guard jsonCount == nil, let count = Self.number(value) else { return nil }
        jsonCount = count
      case "connection":
        guard Self.lowercased(value) == "keep-alive" else { return nil }
      case "transfer-encoding", "upgrade", "expect", "te", "trailer": return nil
      case "accept", "accept-encoding", "accept-language", "content-type", "user-agent": break
      default: model = nil
      }
    }
    return nil
  }

  /// Takes `METHOD PATH HTTP/1.1` apart.
  private mutating func readRequest(_ line: Slice<UnsafeRawBufferPointer>) -> Bool {
    let words = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard words.count == 3, words[2].elementsEqual("HTTP/1.1".utf8), !words[0].isEmpty,
      words[0].allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }),
      words[1].first == UInt8(ascii: "/")
    else { return false }
    guard words[0].elementsEqual("POST".utf8) else {
      // The answer to HEAD has no body, and CONNECT is no request for a path.
      return words[0].elementsEqual("GET".utf8) || words[0].elementsEqual("DELETE".utf8)
        || words[0].elementsEqual("PUT".utf8)
    }
    let (path, front, back) = (words[1], Self.front, Self.back)
    guard path.count > front.count + back.count, path.starts(with: front),
      path.suffix(back.count).elementsEqual(back)
    else { return true }
    let name = path.dropFirst(front.count).dropLast(back.count)
    if name.allSatisfy({ Self.isOfName($0) || $0 == UInt8(ascii: ".") }) {
      model = String(decoding: name, as: UTF8.self)
    }
    return true
  }

  /// The end of the line at `start`, before its CR and LF; nil without one, or with bytes that no head has.
  private static func line(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    let limit = min(bytes.count, longestHead)
    guard start < limit, let base = bytes.baseAddress,
      let found = memchr(base + start, 10, limit - start)
    else { return nil }
    let end = base.distance(to: UnsafeRawPointer(found)) - 1
    guard end >= start, bytes[end] == 13,
      bytes[start..<end].allSatisfy({ $0 >= 32 && $0 != 127 || $0 == 9 })
    else { return nil }
    return end
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func trimmed(
    _ value: Slice<UnsafeRawBufferPointer>
  ) -> Slice<UnsafeRawBufferPointer> {
    var value = value
    while let first = value.first, first == 32 || first == 9 { value.removeFirst() }
    while let last = value.last, last == 32 || last == 9 { value.removeLast() }
    return value
  }

  private static func lowercased(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
    String(unsafeUninitializedCapacity: bytes.count) { text in
      for (place, byte) in bytes.enumerated() {
        text[place] = (65...90).contains(byte) ? byte | 32 : byte
      }
      return bytes.count
    }
  }

  /// A whole number of at most nine digits.
  private static func number(_ value: Slice<UnsafeRawBufferPointer>) -> Int? {
    guard (1...9).contains(value.count) else { return nil }
    var number = 0
    for byte in value {
      guard (48...57).contains(byte) else { return nil }
      number = number * 10 + Int(byte - 48)
    }
    return number
  }
}
