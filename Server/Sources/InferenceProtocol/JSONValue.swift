/// A value of JSON.
public enum JSONValue: Sendable, Equatable {
  /// `null`.
  case null
  /// True or false.
  case bool(Bool)
  /// A whole number.
  case integer(Int64)
  /// A number that is no whole number of 64 bits.
  case number(Double)
  /// A text.
  case string(String)
  /// Values in order.
  case array([JSONValue])
  /// Members in order.
  case object([(name: String, value: JSONValue)])

  /// Reads a value.
  public init(_ reader: inout JSONReader) throws(RequestError) {
    switch reader.peek() {
    case UInt8(ascii: "{"):
      var members: [(name: String, value: JSONValue)] = []
      var names: Set<String> = []
      try reader.object { reader, name throws(RequestError) in
        guard names.insert(name).inserted else {
          throw reader.failure("found two members named \(quoted(name)) in one object")
        }
        members.append((name, try JSONValue(&reader)))
      }
      self = .object(members)
    case UInt8(ascii: "["):
      var elements: [JSONValue] = []
      try reader.array { reader throws(RequestError) in elements.append(try JSONValue(&reader)) }
      self = .array(elements)
    case UInt8(ascii: "\""): self = .string(try reader.string())
    default:
      if reader.take("null") {
        self = .null
      } else if reader.take("true") {
        self = .bool(true)
      } else if reader.take("false") {
        self = .bool(false)
      } else {
        var whole = reader
        if let integer = try? whole.integer() {
          reader = whole
          self = .integer(integer)
        } else {
          self = .number(try reader.double())
        }
      }
    }
  }

  /// Reads a text of one value.
  public init(text: [UInt8]) throws(RequestError) {
    var reader = JSONReader(text)
    try self.init(&reader)
    try reader.finish()
  }

  /// Whether both say the same.
  public static func == (a: JSONValue, b: JSONValue) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.integer(let a), .integer(let b)): a == b
    case (.number(let a), .number(let b)): a == b
    case (.string(let a), .string(let b)): a == b
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.name == $1.name && $0.value == $1.value }
    default: false
    }
  }

  /// A member of an object; nil if there is none, or it is null.
  public subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    let value = members.first { $0.name == name }?.value
    return value == .null ? nil : value
  }

  /// An object of one member.
  public static func member(_ name: String, _ value: JSONValue) -> JSONValue {
    .object([(name: name, value: value)])
  }

  /// A text.
  public var string: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  /// True or false.
  public var bool: Bool? {
    if case .bool(let value) = self { return value }
    return nil
  }

  /// A whole number.
  public var integer: Int? {
    if case .integer(let value) = self { return Int(exactly: value) }
    return nil
  }

  /// A number.
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// The elements of an array.
  public var array: [JSONValue]? {
    if case .array(let elements) = self { return elements }
    return nil
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  /// A text.
  public init(stringLiteral value: String) { self = .string(value) }
  /// True or false.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  /// A number.
  public init(floatLiteral value: Double) { self = .number(value) }
  /// A whole number.
  public init(integerLiteral value: Int64) { self = .integer(value) }
  /// Values in order.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  /// Members in order.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { (name: $0.0, value: $0.1) })
  }
}
