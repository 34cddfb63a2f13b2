/// A request for inference of the Open Inference Protocol, version 2.
public struct InferRequest: Sendable {
  /// An output that is asked for.
  public struct Output: Sendable {
    /// The output's name.
    public var name: String
    /// Whether its elements come as bytes behind the JSON; nil: as the request says.
    public var isBinary: Bool?
  }

  /// A stream of which this request is one step, as Triton's extension for sequences has it.
  public struct Sequence: Sendable, Equatable {
    /// The stream that a request belongs to.
    public var id: SequenceID
    /// Whether it begins here, from zero state.
    public var starts = false
    /// Whether it ends here, and its state is dropped.
    public var ends = false

    /// A step.
    public init(id: SequenceID, starts: Bool = false, ends: Bool = false) {
      (self.id, self.starts, self.ends) = (id, starts, ends)
    }
  }

  /// The id of the request, which comes back in the answer.
  public var id: String?
  /// Which stream this is a step of; nil: of none.
  public var sequence: Sequence?
  /// Whether all outputs come as bytes unless one says otherwise.
  public var isBinary = false
  /// Members of the request's `parameters` that the protocol does not define, for the model.
  public var parameters: [String: JSONValue] = [:]
  /// The inputs.
  public var inputs: [WireTensor] = []
  /// The outputs that are asked for; empty: all.
  public var outputs: [Output] = []

  /// An input by its name.
  public func input(_ name: String) -> WireTensor? { inputs.first { $0.name == name } }

  /// A request with inputs.
  public init(inputs: [WireTensor] = []) { self.inputs = inputs }

  /// Reads the body of a request.
  ///
  /// - Parameters:
  ///   - body: JSON, and behind it the bytes of binary tensors.
  ///   - headerLength: where the JSON ends; nil: at the end of the body.
  /// - Throws: ``RequestError`` that says at which byte or of which input what was found.
  public init(body: [UInt8], headerLength: Int? = nil) throws(RequestError) {
    let length = headerLength ?? body.count
    guard (0...body.count).contains(length) else {
      throw RequestError(
        .malformed,
        "Inference-Header-Content-Length is \(length), but the body has \(body.count) bytes.")
    }
    var reader = JSONReader(body, in: 0..<length)
    var rest = body[length...]
    var sequence = SequenceParameters()
    var hasInputs = false
    try reader.object { reader, name throws(RequestError) in
      switch name {
      case "id":
        if !reader.take("null") { self.id = try reader.string() }
      case "parameters":
        try reader.object { reader, name throws(RequestError) in
          if try sequence.take(name, &reader) { return }
          let value = try JSONValue(&reader)
          if name == "binary_data_output" {
            self.isBinary = try value.bool(named: name)
          } else {
            self.parameters[name] = value
          }
        }
      case "inputs":
        hasInputs = true
        try reader.array { reader throws(RequestError) in
          let tensor = try WireTensor(&reader, &rest)
          guard self.input(tensor.name) == nil else {
            throw RequestError(.malformed, "Input \(quoted(tensor.name)) is there twice.")
          }
          self.inputs.append(tensor)
        }
      case "outputs":
        try reader.array { reader throws(RequestError) in
          let value = try JSONValue(&reader)
          guard let name = value["name"]?.string else {
            throw RequestError(.malformed, "An output that is asked for has no name.")
          }
          let isBinary = try value["parameters"]?["binary_data"]?.bool(named: "binary_data")
          self.outputs.append(Output(name: name, isBinary: isBinary))
        }
      default: try reader.skip()
      }
    }
    try reader.finish()
    guard hasInputs else {
      throw RequestError(.malformed, "The request has no inputs: expected a member \"inputs\".")
    }
    guard rest.isEmpty else {
      throw RequestError(
        .malformed, "\(rest.count) bytes behind the JSON belong to no input with binary_data_size.")
    }
    self.sequence = try sequence.sequence
  }
}

/// The name of a stream: a number or a text.
public enum SequenceID: Sendable, Hashable, CustomStringConvertible {
  /// A number; 0 stands for no stream.
  case number(UInt64)
  /// A text.
  case text(String)

  /// The id as an address has it: a text as it is, a number in decimal digits.
  public var description: String {
    switch self {
    case .number(let value): "\(value)"
    case .text(let text): text
    }
  }

  /// The id that an address names: a text in canonical decimal digits is a number.
  public init(_ text: some StringProtocol) {
    if let number = UInt64(text), number > 0, "\(number)" == text {
      self = .number(number)
    } else {
      self = .text(String(text))
    }
  }
}

/// The parameters of the sequence extension, as they come.
private struct SequenceParameters {
  private var id: SequenceID?
  private var starts = false
  private var ends = false

  mutating func take(_ name: String, _ reader: inout JSONReader) throws(RequestError) -> Bool {
    switch name {
    case "sequence_id":
      if reader.peek() == UInt8(ascii: "\"") {
        let text = try reader.string()
        guard (1...128).contains(text.utf8.count) else {
          throw RequestError(
            .malformed, "A sequence_id has 1 to 128 bytes, found \(text.utf8.count).")
        }
        id = SequenceID(text)
      } else {
        let number = try reader.integer()
        guard number >= 0 else {
          throw RequestError(.malformed, "A sequence_id is at least 0, found \(number).")
        }
        id = number == 0 ? nil : .number(UInt64(number))
      }
    case "sequence_start": starts = try Self.bool(name, &reader)
    case "sequence_end": ends = try Self.bool(name, &reader)
    default: return false
    }
    return true
  }

  private static func bool(
    _ name: String, _ reader: inout JSONReader
  ) throws(RequestError) -> Bool {
    if reader.take("true") { return true }
    if reader.take("false") { return false }
    throw reader.unexpected("true or false for \(name)")
  }

  var sequence: InferRequest.Sequence? {
    get throws(RequestError) {
      if let id { return .init(id: id, starts: starts, ends: ends) }
      guard !starts, !ends else {
        throw RequestError(
          .malformed, "sequence_start and sequence_end belong to a sequence_id other than 0.")
      }
      return nil
    }
  }
}

extension JSONValue {
  fileprivate func bool(named name: String) throws(RequestError) -> Bool {
    guard let bool else { throw RequestError(.malformed, "\(name) is true or false.") }
    return bool
  }
}

extension WireTensor {
  /// Reads an input; the elements of a binary one are taken from the front of `rest`.
  fileprivate init(
    _ reader: inout JSONReader, _ rest: inout ArraySlice<UInt8>
  ) throws(RequestError) {
    var (name, type, shape): (String?, DataType?, [Int]?)
    var (elements, later, binarySize): (Elements?, JSONReader?, Int64?)
    try reader.object { reader, member throws(RequestError) in
      switch member {
      case "name": name = try reader.string()
      case "datatype":
        let text = try reader.string()
        guard let known = DataType(rawValue: text) else {
          throw RequestError(
            .malformed,
            "Datatype \(quoted(text)) is not known, expected one of "
              + DataType.allCases.map(\.rawValue).joined(separator: ", ") + ".")
        }
        type = known
      case "shape":
        var sizes: [Int] = []
        try reader.array { reader throws(RequestError) in
          let size = try reader.integer()
          guard size >= 1, sizes.count < 16 else {
            throw reader.failure("found size \(size) in a shape, expected at most 16 of at least 1")
          }
          sizes.append(Int(size))
        }
        shape = sizes
      case "parameters":
        try reader.object { reader, name throws(RequestError) in
          if name == "binary_data_size" {
            binarySize = try reader.integer()
          } else {
            try reader.skip()
          }
        }
      case "data":
        if let type, let shape, let count = elementCount(shape) {
          elements = try Self.elements(&reader, of: type, count: count)
        } else {
          // Type and shape may stand behind the data.
          later = reader
          try reader.skip()
        }
      default: try reader.skip()
      }
    }
    guard let name else { throw RequestError(.malformed, "An input has no name.") }
    func failure(_ problem: String) -> RequestError {
      RequestError(.malformed, "Input \(quoted(name)) \(problem).")
    }
    guard let type else { throw failure("has no datatype") }
    guard let shape else { throw failure("has no shape") }
    guard let count = elementCount(shape) else {
      throw failure("has a shape of more elements than there can be")
    }
    if var later { elements = try Self.elements(&later, of: type, count: count) }
    if let binarySize {
      guard elements == nil else { throw failure("has both data and binary_data_size") }
      guard binarySize >= 0, binarySize <= rest.count else {
        throw failure(
          "has a binary_data_size of \(binarySize), but \(rest.count) bytes are left behind the JSON"
        )
      }
      elements = try Self.elements(
        rest.prefix(Int(binarySize)), of: type, count: count, name: name)
      rest = rest.dropFirst(Int(binarySize))
    }
    guard let elements else { throw failure("has neither data nor binary_data_size") }
    guard elements.count == count else {
      throw failure("has \(elements.count) elements, but its shape is \(shape)")
    }
    self.init(name, type, shape, elements)
  }
}
