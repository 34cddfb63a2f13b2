internal import RecurrentKernels
import Synchronization

/// Weights in the order in which the kernels read them, kept from call to call while the weights
/// stay as they are: for prediction, where packing them would often take longer than a step.
///
/// Copies of a layer share it; it holds those weights that were used last.
final class PackedWeights: Sendable {
  private struct Entry: Sendable {
    let stamps: Stamps
    let format: rk_weight_format
    let packed: Storage
  }

  /// Of the tensors that are packed; 0 for one that is not there.
  private struct Stamps: Equatable {
    let input, recurrent, bias, recurrentBias, projection: UInt64

    init(_ weights: RecurrentWeights) {
      input = weights.input.stamp
      recurrent = weights.recurrent.stamp
      bias = weights.bias?.stamp ?? 0
      recurrentBias = weights.recurrentBias?.stamp ?? 0
      projection = weights.projection?.stamp ?? 0
    }
  }

  private let entry = Mutex<Entry?>(nil)

  /// What is kept for `weights` in this format, else what `pack` makes of them.
  func storage(
    for weights: RecurrentWeights, format: rk_weight_format, pack: () -> Storage
  ) -> Storage {
    let stamps = Stamps(weights)
    if let entry = entry.withLock({ $0 }), entry.stamps == stamps, entry.format == format {
      return entry.packed
    }
    let packed = pack()
    entry.withLock { $0 = Entry(stamps: stamps, format: format, packed: packed) }
    return packed
  }

  /// The format of what is kept.
  var format: rk_weight_format? { entry.withLock { $0?.format } }

  /// Gives the memory back: for training, which changes the weights after each call.
  func clear() {
    entry.withLock { $0 = nil }
  }
}
