import RecurrentFiles

/// Some of the features of each step: `[B, T, I]` to `[B, T, F]`. So branches read each a part of
/// the input (``Branches``).
public struct Features: Layer {
  /// The features that are given, a part of `0..<count`.
  public let range: Range<Int>
  /// I, the features of a step that go in.
  public let count: Int

  /// The features `range` of steps with `count` of them.
  public init(_ range: Range<Int>, of count: Int) {
    require(
      !range.isEmpty && range.lowerBound >= 0 && range.upperBound <= count,
      "a range of \(count) features is a part of 0..<\(count) and not empty, not \(range)")
    self.range = range
    self.count = count
  }

  /// The features of a step that go in.
  public var featureCount: Int? { count }

  /// The features of each valid step.
  public func forward(_ input: SequenceBatch, state: inout NoState, mode: Mode) -> SequenceBatch {
    require(
      input.features == count,
      "a range of \(count) features got sequences with \(input.features)")
    return input.with(validSteps: input.validSteps.slice(range, along: 1))
  }

  /// Visits nothing: the layer has no parameters.
  public mutating func visitParameters(_ visitor: inout ParameterVisitor) {}
}
