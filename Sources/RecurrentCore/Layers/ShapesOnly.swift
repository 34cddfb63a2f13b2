import RecurrentFiles

/// In the place of random numbers, lets layers be built for their shapes alone: their parameters have
/// names and shapes, and no elements, however large they would be.
///
/// So a model tells what it will cost before it is made, and a file is put in place without drawing
/// numbers that it replaces:
///
/// ```swift
/// var shapes = ShapesOnly()
/// var model = LSTM(inputSize: 8, hiddenSize: 512, using: &shapes)
/// print(model.parameterCount)
/// try model.load(from: file)
/// ```
///
/// A layer of one's own works this way if it asks an ``Initializer`` for its parameters, constant ones
/// too.
public struct ShapesOnly: RandomNumberGenerator, Sendable {
  /// A generator of nothing.
  public init() {}

  /// Traps: there are no numbers to draw.
  public mutating func next() -> UInt64 {
    trap(
      "layers built for their shapes alone draw no numbers; ask an Initializer for parameters")
  }
}
