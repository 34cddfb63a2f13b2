import Recurrent

/// An option of a job that tuning may choose, by the name of its flag.
public struct TunableOption<Options: JobOptions>: Sendable {
  /// The name of the flag of `recurrent train`, without dashes.
  public let name: String
  /// Whether it is searched where nothing else is asked for.
  public let isUsual: Bool
  /// Whether the flag has no value: it is given for `on`, and left out for `off`.
  public let isSwitch: Bool
  /// What it is drawn from, for options whose others are chosen; nil where it means nothing for them.
  public internal(set) var range: @Sendable (Options) -> SearchRange?
  /// The option's value, as a flag says it.
  public let value: @Sendable (Options) -> String
  /// Sets it to what a flag says.
  private let set: @Sendable (inout Options, String) -> Bool

  init(
    _ name: String, isUsual: Bool = true, isSwitch: Bool = false,
    _ range: @escaping @Sendable (Options) -> SearchRange?,
    value: @escaping @Sendable (Options) -> String,
    set: @escaping @Sendable (inout Options, String) -> Bool
  ) {
    (self.name, self.isUsual, self.isSwitch) = (name, isUsual, isSwitch)
    (self.range, self.value, self.set) = (range, value, set)
  }

  /// An option that is a number.
  ///
  /// - Parameters:
  ///   - name: the flag's name.
  ///   - path: where the options have it.
  ///   - isUsual: whether it is searched where nothing else is asked for.
  ///   - range: what it is drawn from; nil: it means nothing for these options.
  public init(
    _ name: String,
    _ path: any WritableKeyPath<Options, some LosslessStringConvertible & SendableMetatype>
      & Sendable,
    isUsual: Bool = true, _ range: @escaping @Sendable (Options) -> SearchRange?
  ) {
    self.init(
      name, isUsual: isUsual, range, value: { $0[keyPath: path].description },
      set: { Self.assign(&$0, path, .init($1)) })
  }

  /// An option that is one of several words; all of them, if no range is given.
  public init<Word: RawRepresentable<String> & CaseIterable & SendableMetatype>(
    _ name: String, _ path: any WritableKeyPath<Options, Word> & Sendable, isUsual: Bool = true,
    _ range: @escaping @Sendable (Options) -> SearchRange? = { _ in
      .choices(Word.allCases.map(\.rawValue))
    }
  ) {
    self.init(
      name, isUsual: isUsual, range, value: { $0[keyPath: path].rawValue },
      set: { Self.assign(&$0, path, Word(rawValue: $1)) })
  }

  /// A flag without a value.
  ///
  /// - Parameter on: what the options have where the flag is given.
  public init(
    switch name: String, _ path: any WritableKeyPath<Options, Bool> & Sendable, on: Bool = true,
    isUsual: Bool = true
  ) {
    self.init(
      name, isUsual: isUsual, isSwitch: true, { _ in .choices(["off", "on"]) },
      value: { $0[keyPath: path] == on ? "on" : "off" },
      set: { Self.assign(&$0, path, ["on": on, "off": !on][$1]) })
  }

  private static func assign<Value>(
    _ options: inout Options, _ path: WritableKeyPath<Options, Value>, _ value: Value?
  ) -> Bool {
    guard let value else { return false }
    options[keyPath: path] = value
    return true
  }

  /// Sets the option to what a flag says.
  ///
  /// - Returns: whether that is a value of it.
  public func apply(_ value: String, to options: inout Options) -> Bool { set(&options, value) }

  /// The same option, drawn from this range.
  ///
  /// - Throws: ``DataError`` if the option has no such values.
  public func drawn(from range: SearchRange) throws(DataError) -> Self {
    for value in range.samples {
      var options = Options()
      let isValue = apply(value, to: &options)
      guard !isValue else { continue }
      let usual = self.range(options).map { "; expected such as \($0)" } ?? ""
      throw DataError(
        file: "the search", place: name, problem: "has no value \(value)\(usual)")
    }
    var result = self
    // What means nothing for some options is not drawn for them either.
    let own = self.range
    result.range = { own($0) == nil ? nil : range }
    return result
  }
}

extension JobOptions {
  /// The recurrent layer, its sizes, and how it is trained: what most jobs have.
  ///
  /// - Parameter batch: the name of the flag for the batch.
  public static func networkSearch(batch: String = "batch") -> [TunableOption<Self>] {
    [
      TunableOption("cell", \.cell) { _ in .choices(["lstm", "gru"]) },
      TunableOption("hidden", \.hiddenSize) { options in
        .whole(max(1, options.hiddenSize / 4)...max(1, options.hiddenSize) * 2)
      },
      TunableOption("layers", \.layers) { options in .whole(1...max(2, min(3, options.layers))) },
      TunableOption("dropout", \.dropout) { _ in .numbers(0...0.6) },
      TunableOption("learning-rate", \.learningRate) { options in
        let rate = Double(options.learningRate)
        return .numbers(rate / 4...rate * 5)
      },
      TunableOption(batch, \.batchSize) { options in
        .whole(max(1, options.batchSize / 4)...max(1, options.batchSize) * 2)
      },
    ]
  }
}
