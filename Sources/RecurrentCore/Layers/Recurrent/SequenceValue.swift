/// Values over time that can be cut into ranges of steps.
public protocol SequenceValue: BatchValue {
  /// The padded length, T.
  var time: Int { get }
  /// A range of steps, with what remains of each row in it.
  func steps(_ range: Range<Int>) -> Self
}

extension SequenceBatch: SequenceValue {}
extension TokenBatch: SequenceValue {}
