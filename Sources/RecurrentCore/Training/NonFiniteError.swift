/// A loss, gradient or weight that is infinite or not a number. The trainer's state keeps the last
/// good weights.
public struct NonFiniteError: Error, Sendable, Codable, Equatable, CustomStringConvertible {
  /// The epoch, from 1.
  public let epoch: Int
  /// The step in it, from 1.
  public let step: Int
  /// The first tensor that was not finite: the loss, a gradient, a parameter, or the validation
  /// loss.
  public let tensor: String

  /// Place, and what to do.
  public var description: String {
    "training stopped at epoch \(epoch), step \(step): \(tensor) is not finite. Try a lower "
      + "learning rate, gradient clipping, or scaled inputs."
  }
}
