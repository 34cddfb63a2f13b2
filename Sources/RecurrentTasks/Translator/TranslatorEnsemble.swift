import Recurrent

/// Networks that read the same sentences and choose each token together, by the mean of their
/// probabilities.
struct TranslatorEnsemble {
  /// A network in the midst of writing.
  private struct Writer {
    let model: TranslatorModel
    let head: Dense
    let memory: AttentionMemory
    var state: AttentionDecoder.State
  }

  private var writers: [Writer]

  /// Networks that have read sentences, and said nothing yet.
  init(_ models: [TranslatorModel], reading sources: TokenBatch) {
    writers = models.map { model in
      let (memory, state) = model.read(sources)
      return Writer(model: model, head: model.preparedHead, memory: memory, state: state)
    }
  }

  /// One step for rows that each got one more token: the logarithms of the probabilities of the next,
  /// `[N, V]`, and the mean of the attention weights, `[N, T]`.
  mutating func step(
    _ tokens: [Int], memoryRows: [Int]
  ) -> (logProbabilities: Tensor, weights: Tensor) {
    var parts: [(logProbabilities: Tensor, weights: Tensor)] = []
    for index in writers.indices {
      let writer = writers[index]
      parts.append(
        writer.model.step(
          tokens, state: &writers[index].state, over: writer.memory, memoryRows: memoryRows,
          head: writer.head))
    }
    return (
      Self.logMean(parts.map(\.logProbabilities)), Tensor.mean(of: parts.map(\.weights))
    )
  }

  /// Goes on with these rows, in this order.
  mutating func keep(rows: [Int]) {
    for index in writers.indices { writers[index].state = writers[index].state.rows(rows) }
  }

  /// The logarithm of the mean of what these are the logarithms of.
  static func logMean(_ logarithms: [Tensor]) -> Tensor {
    guard logarithms.count > 1 else { return logarithms[0] }
    let largest = logarithms.dropFirst().reduce(logarithms[0]) { Tensor.maximum($0, $1) }
    return Tensor.mean(of: logarithms.map { ($0 - largest).exp() }).log() + largest
  }
}

extension Tensor {
  /// The mean of tensors of one shape; of one, that itself.
  fileprivate static func mean(of tensors: [Tensor]) -> Tensor {
    guard tensors.count > 1 else { return tensors[0] }
    return tensors.dropFirst().reduce(tensors[0]) { $0 + $1 } * (1 / Float(tensors.count))
  }
}
