internal import RecurrentKernels

/// Weights in the order in which the kernels read them, kept from call to call: for prediction, where
/// packing them would often take longer than a step.
///
/// They belong to the floats of the recurrent matrix: layers with the same weights share them, and
/// they go when these floats change; a copy that is trained has floats of its own. The path of the
/// kernels, which shapes a packing too, is one throughout a process.
struct PackedWeights: Sendable {
  /// The last used first.
  private(set) var entries: [Entry] = []
  /// Two kinds of cell in two formats.
  private static let limit = 4

  struct Entry: Sendable {
    fileprivate let key: Key
    let format: rk_weight_format
    let packed: Storage
  }

  /// What else shapes a packing: sizes, and the content of the other tensors, 0 for one that is not
  /// there.
  fileprivate struct Key: Sendable, Equatable {
    let cell, format: UInt32
    let inputSize, outputSize, hiddenSize: Int
    let input, bias, recurrentBias, projection: UInt64

    init(_ weights: RecurrentWeights, cell: rk_cell, format: rk_weight_format) {
      (self.cell, self.format) = (cell.rawValue, format.rawValue)
      inputSize = weights.inputSize
      outputSize = weights.outputSize
      hiddenSize = weights.hiddenSize
      input = weights.input.stamp
      bias = weights.bias?.stamp ?? 0
      recurrentBias = weights.recurrentBias?.stamp ?? 0
      projection = weights.projection?.stamp ?? 0
    }
  }

  fileprivate mutating func use(_ key: Key) -> Storage? {
    guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
    if index > 0 { entries.insert(entries.remove(at: index), at: 0) }
    return entries[0].packed
  }

  fileprivate mutating func keep(_ entry: Entry) -> Storage {
    // Another thread may have packed the same meanwhile.
    if let packed = use(entry.key) { return packed }
    if entries.count == Self.limit { entries.removeLast() }
    entries.insert(entry, at: 0)
    return entry.packed
  }
}

extension RecurrentWeights {
  /// What is kept of these weights for a cell in a format, else what `pack` makes of them.
  func packed(for cell: rk_cell, _ format: rk_weight_format, pack: () -> Storage) -> Storage {
    let key = PackedWeights.Key(self, cell: cell, format: format)
    let storage = recurrent.storage
    if let packed = storage.packed.withLock({ $0.use(key) }) { return packed }
    let entry = PackedWeights.Entry(key: key, format: format, packed: pack())
    return storage.packed.withLock { $0.keep(entry) }
  }
}
