/// A layer does not give what was recorded.
public struct ReplayMismatch: Error, Sendable, Equatable, CustomStringConvertible {
  /// The recording, as messages name it.
  public var recording: String
  /// The recorded tensor: `output`, `final.0` …
  public var tensor: String
  /// The place of the worst element, an index for each dimension.
  public var index: [Int]
  /// The number that the layer gave at that place.
  public var found: Float
  /// The number that was recorded at that place.
  public var expected: Float
  /// The largest difference allowed: the tolerance times the largest element recorded.
  public var allowed: Float

  /// The place, both numbers, and what to look at.
  public var description: String {
    "\(recording): tensor \"\(tensor)\": element \(index) is \(found), expected \(expected) within "
      + "\(allowed). Compare what was declared with the model that was recorded: the cell, where "
      + "the reset gate acts, the activations, the order of the layers."
  }
}
