import InferenceProtocol
import Recurrent
import RecurrentTasks

/// A job whose models are served: in tensors as any model, and in its own words at `/v1/ROUTE`.
///
/// A new job is a type of this protocol in ``ServedJobs/all``.
public protocol ServedJob: Job, ServedModel {
  /// The last part of the address.
  static var route: String { get }
  /// What the members of a request are, for the document of the interface: name, JSON type, what it
  /// says.
  static var members: [RequestMember] { get }
  /// The answer to a request in the job's words, as JSON; `name` is what the model is called.
  func answer(_ request: JSONValue, name: String) throws(RequestError) -> [UInt8]
}

/// A member of a request in a job's words.
public struct RequestMember: Sendable {
  /// The name.
  public var name: String
  /// The types as JSON Schema calls them: `string`, `number`, `integer`, `boolean`, `array`, `object`.
  public var types: [String]
  /// The answer as a sentence.
  public var text: String

  /// A member.
  public init(name: String, type: String..., text: String) {
    (self.name, types, self.text) = (name, type, text)
  }
}

/// The jobs whose models are served.
public enum ServedJobs {
  /// All jobs that can be served.
  public static let all: [any ServedJob.Type] = [
    Forecaster.self, TextClassifier.self, SequenceTagger.self, Translator.self,
    TextGenerator.self, Composer.self, ImageClassifier.self,
  ]

  /// Reads a model folder.
  static func load(_ folder: String) throws(DataError) -> any ServedJob {
    let task = try ModelFolder.peekTask(folder)
    guard let job = all.first(where: { $0.task == task }) else {
      throw DataError(
        file: folder, problem: "is a \(task.prefix(40)) model, which this server does not know",
        advice: "Use the version of the server that belongs to the program that wrote it")
    }
    return try open(job, folder)
  }

  private static func open<Served: ServedJob>(
    _ job: Served.Type, _ folder: String
  ) throws(DataError) -> any ServedJob { try Served(contentsOf: folder) }
}

extension ServedJob {
  /// The job's name in model folders.
  public var platform: String { "recurrent_" + Self.task.replacing("-", with: "_") }
}

// MARK: - What requests in a job's words hold

extension JSONValue {
  package func problem(_ name: String, _ expected: String) -> RequestError {
    RequestError(.malformed, "Member \(quoted(name)) is \(expected).")
  }

  package func string(_ name: String) throws(RequestError) -> String? {
    guard let value = self[name] else { return nil }
    guard let text = value.string else { throw problem(name, "a string") }
    return text
  }

  package func integer(_ name: String, in range: ClosedRange<Int>) throws(RequestError) -> Int? {
    guard let value = self[name] else { return nil }
    guard let number = value.integer, range.contains(number) else {
      throw problem(name, "a whole number between \(range.lowerBound) and \(range.upperBound)")
    }
    return number
  }

  package func number(_ name: String, in range: ClosedRange<Double>) throws(RequestError) -> Double?
  {
    guard let value = self[name] else { return nil }
    guard let number = value.double, range.contains(number) else {
      throw problem(name, "a number between \(range.lowerBound) and \(range.upperBound)")
    }
    return number
  }

  package func numbers(_ name: String) throws(RequestError) -> [Double]? {
    guard let value = self[name] else { return nil }
    let numbers = (value.array ?? []).compactMap(\.double)
    guard let count = value.array?.count, numbers.count == count, count > 0 else {
      throw problem(name, "an array of numbers")
    }
    return numbers
  }

  /// A text, or an array of texts: at most as many as one request may bring.
  package func texts(_ name: String) throws(RequestError) -> [String] {
    if let text = self[name]?.string { return [text] }
    let texts = (self[name]?.array ?? []).compactMap(\.string)
    guard let count = self[name]?.array?.count, texts.count == count, count > 0 else {
      throw problem(name, "a string or an array of strings")
    }
    return texts
  }
}

extension InferRequest {
  /// The parameters as one value.
  var parameterObject: JSONValue { .object(parameters.map { ($0.key, $0.value) }) }
}

/// JSON texts as one array.
func jsonArray(_ texts: [String]) -> [UInt8] {
  Array("[".utf8) + Array(texts.joined(separator: ",").utf8) + Array("]".utf8)
}
