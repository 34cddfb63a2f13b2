import RecurrentFiles

/// The loss and gradients of some shards, added up.
struct ShardSum {
  var loss: Double
  var gradients: Gradients
}

/// The shards of one update that a rank computes: several side by side, each on one thread, where there
/// are threads for them, since few rows keep several threads less busy.
final class ShardPass<Model: Module, Rule: Optimizer, Examples: ExampleSet> {
  private let trainer: Trainer<Model, Rule, Examples>
  private let batches: [[Int]]
  private let examples: Examples
  private let key: RandomKey
  private let block: Range<Int>
  private let exchange: GradientExchange?
  /// The states that each shard carries to the next update.
  private(set) var carried: [[Tensor]]
  /// Where shards are computed side by side.
  private(set) var contexts: [ExecutionContext]
  /// Sums that were computed before their turn.
  private var early: [Int: ShardSum] = [:]

  init(
    of trainer: Trainer<Model, Rule, Examples>, _ batches: [[Int]], in examples: Examples,
    _ key: RandomKey, block: Range<Int>, carried: [[Tensor]], exchange: GradientExchange?
  ) {
    require(!batches.isEmpty, "a step needs at least one batch")
    self.trainer = trainer
    self.batches = batches
    self.examples = examples
    self.key = key
    self.block = block
    self.carried = carried
    self.exchange = exchange
    contexts = trainer.shardContexts
    let threads = Parallelism.threads
    if contexts.count != threads {
      contexts = (0..<threads).map { _ in ExecutionContext.current.share(of: threads) }
    }
  }

  /// The sum over a subtree of shards.
  ///
  /// - Parameters:
  ///   - pending: the sums that it is added to, the outermost first.
  ///   - tells: whether the exchange hears of each leaf of the sum with what is pending, as soon as it is
  ///     there; the gradients returned are then not the sum.
  func sum(of subtree: Range<Int>, pending: [Gradients] = [], tells: Bool) -> ShardSum {
    let told = tells ? exchange : nil
    guard subtree.count > 1 else {
      return sum(of: subtree.lowerBound, pending: pending, telling: told)
    }
    let middle = ShardTree.middle(of: subtree)
    var left = sum(of: subtree.lowerBound..<middle, tells: false)
    let right = sum(
      of: middle..<subtree.upperBound, pending: pending + [left.gradients], tells: tells)
    left.loss += right.loss
    if told == nil { left.gradients.add(right.gradients) }
    return left
  }

  private func sum(
    of shard: Int, pending: [Gradients], telling exchange: GradientExchange?
  ) -> ShardSum {
    if let sum = early.removeValue(forKey: shard) { return sum }
    // The last one of several ranks is computed by all threads, and sent on the way.
    let last = self.exchange == nil ? block.upperBound : block.upperBound - 1
    let together = min(contexts.count, last - shard)
    guard together > 1 else {
      return computed(shard, &carried[shard], pending: pending, telling: exchange)
    }
    var sums = [ShardSum?](repeating: nil, count: together)
    var carried = Array(carried[shard..<shard + together])
    sums.withUnsafeMutableBufferPointer { sums in
      carried.withUnsafeMutableBufferPointer { carried in
        Parallelism.run(parts: together) { part in
          sums[part] = contexts[part].run {
            computed(shard + part, &carried[part], pending: [], telling: nil)
          }
        }
      }
    }
    for (part, sum) in sums.enumerated() {
      early[shard + part] = sum
      self.carried[shard + part] = carried[part]
    }
    guard let first = early.removeValue(forKey: shard) else { trap("all parts have run") }
    return first
  }

  /// The sum over the batches of one shard.
  private func computed(
    _ shard: Int, _ carried: inout [Tensor], pending: [Gradients],
    telling exchange: GradientExchange?
  ) -> ShardSum {
    let (model, options) = (trainer.state.model, trainer.options)
    let parts = parts(of: shard)
    var sum: ShardSum?
    for (number, part) in parts.enumerated() {
      let isLast = number == parts.count - 1
      let mode = Mode.training(key, rows: part.rows, segmentLength: options.segmentLength)
      let before = (pending + [sum?.gradients].compactMap(\.self)).map(\.leaves)
      let ready = exchange.flatMap { exchange in
        isLast
          ? { (leaf: Int, gradient: Gradient?) in
            exchange.append(
              before.reversed().reduce(gradient) { $1[leaf].added($0) }, at: leaf)
          } : nil
      }
      let (value, gradients) = valueAndGradients(
        of: model, share: Float(part.share), ready: ready
      ) {
        trainer.loss($0, part.batch, mode, &carried)
      }
      let loss = part.share * Double(value)
      guard sum != nil else {
        sum = ShardSum(loss: loss, gradients: gradients)
        continue
      }
      sum?.loss += loss
      if ready == nil { sum?.gradients.add(gradients) }
    }
    if let sum { return sum }
    // It has none of these batches: with fewer examples than shards.
    let nothing = Gradients(
      names: model.parameters.map(\.name),
      parts: .init(repeating: nil, count: model.parameters.count),
      statisticChanges: .init(repeating: nil, count: model.statistics.count))
    if let exchange {
      let before = pending.map(\.leaves)
      for leaf in nothing.leaves.indices {
        exchange.append(before.reversed().reduce(nil) { $1[leaf].added($0) }, at: leaf)
      }
    }
    return ShardSum(loss: 0, gradients: nothing)
  }

  /// The parts of a shard, with their shares of the update.
  private func parts(of shard: Int) -> [ExampleShard<Examples.Batch>] {
    let count = batches.reduce(0) { $0 + $1.count }
    return batches.compactMap { indices in
      examples.shard(shard, of: trainer.options.shards ?? 1, in: indices).map {
        ExampleShard(
          batch: $0.batch, rows: $0.rows,
          share: $0.share * Double(indices.count) / Double(count))
      }
    }
  }
}
