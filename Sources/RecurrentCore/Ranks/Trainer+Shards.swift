import Foundation
import RecurrentFiles

// What shards and ranks have to do with a run.

extension Trainer {
  /// The communicator, where there are other ranks.
  var others: (any Communicator)? { communicator.flatMap { $0.size > 1 ? $0 : nil } }

  /// The mean loss over `examples` in prediction mode. Ranks share the batches.
  public func evaluate(_ model: Model, on examples: Examples) -> Double {
    let (rank, ranks) = (communicator?.rank ?? 0, communicator?.size ?? 1)
    let batches = examples.batches(of: Array(0..<examples.count), size: options.batchSize)
    guard let shards = options.shards, carriedShapes != nil else {
      var carried: [Tensor] = []
      let losses = batches.enumerated().map { number, indices in
        number % ranks == rank
          ? Double(loss(model, examples.batch(indices), .prediction, &carried).value)
            * Double(indices.count)
          : 0
      }
      return mean(losses, of: examples)
    }
    // What is carried ties a shard's batches together.
    let block = ShardTree.block(of: rank, ranks: ranks, shards: shards)
    var losses = [Double](repeating: 0, count: batches.count * shards)
    for shard in block {
      var carried: [Tensor] = []
      for (number, indices) in batches.enumerated() {
        guard let part = examples.shard(shard, of: shards, in: indices) else { continue }
        let value = loss(model, part.batch, .prediction, &carried).value
        losses[number * shards + shard] = Double(value) * part.share * Double(indices.count)
      }
    }
    return mean(losses, of: examples)
  }

  /// - Parameter losses: each is 0 but at one rank.
  private func mean(_ losses: [Double], of examples: Examples) -> Double {
    (others?.sums(losses) ?? losses).reduce(0, +) / Double(max(1, examples.count))
  }

  /// Whether a run stops after a step, where a callback of this rank does or does not ask for it.
  mutating func isStopped(by request: Bool) -> Bool {
    guard others != nil else { return request }
    // The others hear of it with the next step's losses.
    wantsStop = wantsStop || request
    return stopIsAgreed
  }

  /// Whether any rank asks to stop.
  func agreed(_ stops: Bool) -> Bool {
    others.map { $0.sums([stops || wantsStop ? 1 : 0])[0] > 0 } ?? stops
  }

  // MARK: A step

  /// What the examples of an update say of the weights, added up over the shards of all ranks.
  mutating func shardedGradients(
    of batches: [[Int]], in examples: Examples, _ key: RandomKey, carrying carried: inout [Tensor]
  ) -> ExampleGradients {
    let shards = options.shards ?? 1
    let (rank, ranks) = (communicator?.rank ?? 0, communicator?.size ?? 1)
    require(ranks <= shards, "\(ranks) ranks need at least as many shards, not \(shards)")
    let block = ShardTree.block(of: rank, ranks: ranks, shards: shards)
    let subtrees = ShardTree.subtrees(ranks: ranks, shards: shards)
    let others = self.others
    let exchange = others.map { communicator in
      GradientExchange(
        communicator,
        shapes: (state.model.parameters + state.model.statistics).map(\.tensor.shape),
        shards: shards)
    }
    let pass = ShardPass(
      of: self, batches, in: examples, key, block: block,
      carried: carriedByShard(carried, of: examples, shards), exchange: exchange)
    let own = subtrees[rank]
    var sums: [ShardSum] = []
    for (number, subtree) in own.enumerated() {
      let isLast = number == own.count - 1
      let sum = pass.sum(of: subtree, tells: isLast)
      if !isLast { exchange?.append(sum.gradients.leaves) }
      sums.append(sum)
    }
    shardContexts = pass.contexts
    let count = batches.reduce(0) { $0 + $1.count }
    guard let exchange, let others else {
      carried = pass.carried.flatMap(\.self)
      return ExampleGradients(
        loss: sums[0].loss, gradients: sums[0].gradients, examples: count)
    }
    let start = ProcessInfo.processInfo.systemUptime
    let leaves = exchange.result()
    let loss = meanLoss(sums.map(\.loss), of: subtrees, others)
    carried = gather(pass.carried, examples, shards, others)
    state.progress.exchangeSeconds =
      (state.progress.exchangeSeconds ?? 0) + ProcessInfo.processInfo.systemUptime - start
    let names = state.model.parameters.map(\.name)
    return ExampleGradients(
      loss: loss,
      gradients: Gradients(
        names: names, parts: Array(leaves.prefix(names.count)),
        statisticChanges: leaves.dropFirst(names.count).map { $0?.tensor }), examples: count)
  }

  /// The loss over the shards of all ranks; with it goes who asks to stop.
  private mutating func meanLoss(
    _ losses: [Double], of subtrees: [[Range<Int>]], _ others: any Communicator
  ) -> Double {
    let all = others.gathered(
      losses + [wantsStop ? 1 : 0], counts: subtrees.map { $0.count + 1 }, repeating: 0)
    stopIsAgreed = stopIsAgreed || all.contains { ($0.last ?? 0) > 0 }
    let known = zip(subtrees, all).flatMap { subtrees, losses in
      zip(subtrees, losses).map { (range: $0, value: Optional($1)) }
    }
    return ShardTree.sum(known) { $0 += $1 } ?? 0
  }

  // MARK: What is carried

  private func carriedByShard(
    _ carried: [Tensor], of examples: Examples, _ shards: Int
  ) -> [[Tensor]] {
    guard !carried.isEmpty, let carriedShapes else { return .init(repeating: [], count: shards) }
    var rest = carried[...]
    return carriedShapes(state.model, examples, shards).map { shapes in
      defer { rest = rest.dropFirst(shapes.count) }
      return Array(rest.prefix(shapes.count))
    }
  }

  /// What all shards carry, from the ranks that computed them.
  private func gather(
    _ carried: [[Tensor]], _ examples: Examples, _ shards: Int, _ others: any Communicator
  ) -> [Tensor] {
    guard let shapes = carriedShapes?(state.model, examples, shards) else { return [] }
    let own = ShardTree.block(of: others.rank, ranks: others.size, shards: shards)
      .flatMap { carried[$0].flatMap(\.elements) }
    let counts = others.gathered(
      [own.count], counts: .init(repeating: 1, count: others.size), repeating: 0)
    let floats = others.gathered(own, counts: counts.map { $0[0] }, repeating: Float(0))
      .flatMap(\.self)
    // Where gradients go back over several pieces, the first ones carry nothing on.
    guard !floats.isEmpty else { return [] }
    var start = 0
    return shapes.joined().map { shape in
      let count = shape.reduce(1, *)
      defer { start += count }
      return Tensor(Array(floats[start..<start + count]), shape: shape)
    }
  }
}
