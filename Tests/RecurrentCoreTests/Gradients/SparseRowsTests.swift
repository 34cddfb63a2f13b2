import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// Gradients by rows are those of whole tensors, in value, norm, clipping and update.
@Suite struct SparseRowsTests {
  /// Two tables, one of them used twice, and one tensor that is no table.
  private struct Model: Module {
    var first: Embedding
    var second: Embedding
    var scale: Tensor

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("first", &first)
      visitor.visit("second", &second)
      visitor.visit("scale", &scale)
    }
  }

  private let tokens = TokenBatch([[6, 2, 6, 0], [], [2, 9], [6]])
  private let others = TokenBatch([[9, 1], [4, 6, 4], [], [3]], time: 4)

  private func model(seed: UInt64 = 4) -> Model {
    var generator = RandomGenerator(seed: seed)
    return Model(
      first: Embedding(vocabularySize: 10, size: 3, using: &generator),
      second: Embedding(
        vocabularySize: 11, size: 5, initialization: .keras, using: &generator),
      scale: Initializer.normal(1)([3], using: &generator))
  }

  /// The loss by embeddings, or by rows of whole tensors taken with a tensor operation.
  private func loss(_ model: Model, byRows: Bool) -> Tensor {
    func embed(_ table: Embedding, _ batch: TokenBatch) -> Tensor {
      if byRows { return table(batch).validSteps }
      return table.weights.rows(batch.tokens.flatMap(\.self))
    }
    let a = embed(model.first, tokens).tanh() * model.scale
    let b = embed(model.first, others).squared() * model.scale
    return a.squared().sum() + b.sum() + embed(model.second, tokens).exp().sum()
  }

  private func gradients(_ model: Model, byRows: Bool) -> Gradients {
    valueAndGradients(of: model) { loss($0, byRows: byRows) }.gradients
  }

  @Test func haveTheBitsOfWholeTensors() throws {
    let model = model()
    let (rows, whole) = (gradients(model, byRows: true), gradients(model, byRows: false))
    let table = try #require(rows.rows(of: "first.weights"))
    #expect(table.indices == [0, 1, 2, 3, 4, 6, 9] && table.values.shape == [7, 3])
    #expect(rows.rows(of: "second.weights")?.indices == [0, 2, 6, 9])
    #expect(rows.rows(of: "scale") == nil && whole.rows(of: "first.weights") == nil)
    for (a, b) in paired(rows.tensors, whole.tensors) {
      #expect(try #require(a).isIdentical(to: #require(b)))
    }
    #expect(try #require(rows["first.weights"]).isIdentical(to: #require(whole.tensors[0])))
    #expect(rows.norm.bitPattern == whole.norm.bitPattern && rows.norm > 1)
  }

  @Test(arguments: [
    GradientClipping.norm(0.5), .kerasNorm(0.5), .normPerParameter(0.3), .value(0.2),
  ])
  func areClippedAlike(_ rule: GradientClipping) throws {
    let model = model()
    let rows = gradients(model, byRows: true).clipped(rule)
    let whole = gradients(model, byRows: false).clipped(rule)
    #expect(rows.rows(of: "first.weights")?.indices.count == 7)
    for (a, b) in paired(rows.tensors, whole.tensors) {
      #expect(try #require(a).isIdentical(to: #require(b)))
    }
    #expect(rows.norm.bitPattern == whole.norm.bitPattern)
  }

  /// A table that is used whole as well: rows meet a gradient of its shape, before and behind it.
  @Test(arguments: [true, false])
  func meetWholeGradients(_ rowsFirst: Bool) throws {
    let model = model()
    func gradients(byRows: Bool) -> Gradients {
      valueAndGradients(of: model) { model in
        let whole = (model.first.weights.tanh() * model.scale).sum()
        let rows = loss(model, byRows: byRows)
        // The order on the tape is that of the computation; a table used before is met later.
        let again = (model.first.weights * 0.5).squared().sum()
        return rowsFirst ? whole + rows : rows + again
      }.gradients
    }
    let found = gradients(byRows: true)
    #expect(found.rows(of: "first.weights") == nil)
    for (a, b) in paired(found.tensors, gradients(byRows: false).tensors) {
      #expect(try #require(a).isIdentical(to: #require(b)))
    }
  }

  /// The table may be the result of an operation.
  @Test func flowThroughOperations() throws {
    let table = model().first.weights
    let (_, found) = valueAndGradients(of: table) {
      Embedding(weights: $0 * 2)(tokens).validSteps.squared().sum()
    }
    let (_, expected) = valueAndGradients(of: table) {
      ($0 * 2).rows(tokens.tokens.flatMap(\.self)).squared().sum()
    }
    #expect(try #require(found.tensors[0]).isIdentical(to: #require(expected.tensors[0])))
  }

  @Test func whatIsNotFiniteIsFound() {
    var model = model()
    model.second.weights.withUnsafeMutableElements { $0[2 * 5 + 3] = 200 }
    #expect(gradients(model, byRows: true).firstNonFinite == "second.weights")
    model.second.weights.withUnsafeMutableElements { $0[2 * 5 + 3] = 0 }
    #expect(gradients(model, byRows: true).firstNonFinite == nil)
  }

  // MARK: Updates

  private static let optimizers: [any Optimizer] = OptimizerConvention.allCases.flatMap {
    rule -> [any Optimizer] in
    [
      SGD(learningRate: 0.1, convention: rule),
      SGD(learningRate: 0.1, weightDecay: 0.1, convention: rule),
      SGD(learningRate: 0.1, momentum: 0.9, nesterov: true, convention: rule),
      Adagrad(convention: rule), Adagrad(weightDecay: 0.1, convention: rule),
      RMSprop(convention: rule), Adam(convention: rule), AdamW(amsgrad: true, convention: rule),
      NAdam(convention: rule),
    ]
  }

  @Test(arguments: 0..<18)
  func updateAsWholeTensorsDo(_ index: Int) {
    func trained(_ optimizer: some Optimizer, byRows: Bool) -> Model {
      var (model, optimizer) = (model(), optimizer)
      for _ in 0..<5 { optimizer.update(&model, along: gradients(model, byRows: byRows)) }
      return model
    }
    let optimizer = Self.optimizers[index]
    for (a, b) in paired(
      trained(optimizer, byRows: true).parameters, trained(optimizer, byRows: false).parameters)
    {
      #expect(a.tensor.isIdentical(to: b.tensor), "\(a.name)")
    }
  }

  /// A large table of which few rows occur: the update goes to its place and makes no other of its
  /// size.
  @Test func sgdMakesNothingOfTheTablesSize() throws {
    let (vocabulary, width) = (1 << 18, 32)
    var table = Embedding(weights: Tensor(repeating: 1, shape: [vocabulary, width]))
    var optimizer = SGD(learningRate: 0.5)
    let place = table.weights.pointer
    // Buffers of this size that wait would be found here: there is none but ours.
    let batch = TokenBatch([[7, vocabulary - 1, 7]])
    for _ in 0..<2 {
      let (_, gradients) = valueAndGradients(of: table) { $0(batch).validSteps.sum() }
      let rows = try #require(gradients.rows(of: "weights"))
      #expect(rows.values.shape == [2, width] && gradients.clipped(toNorm: 1e9).norm > 1)
      optimizer.update(&table, along: gradients)
    }
    #expect(table.weights.pointer == place, "the table was copied")
    let changed = (0..<vocabulary).filter { table.weights[$0, 5] != 1 }
    #expect(changed == [7, vocabulary - 1])
    #expect(table.weights[7, 31] == -1 && table.weights[vocabulary - 1, 0] == 0)
  }

  /// PyTorch's SparseAdam: as Adam would be if the table had these rows only.
  @Test(arguments: [false, true])
  func lazyRowsAreAdamOfTheRowsThatOccur(_ isDecoupled: Bool) throws {
    func check(_ lazy: some Optimizer, _ plain: some Optimizer) throws {
      var (lazy, plain) = (lazy, plain)
      var table = model().first
      let start = table.weights
      let rows = [2, 3, 6]
      var small = Embedding(weights: table.weights.rows(rows))
      for _ in 0..<4 {
        let (_, gradients) = valueAndGradients(of: table) {
          $0(TokenBatch([[6, 2], [3, 6]])).validSteps.exp().sum()
        }
        lazy.update(&table, along: gradients)
        let (_, dense) = valueAndGradients(of: small.weights) {
          $0.rows([2, 0, 1, 2]).exp().sum()
        }
        plain.update(&small.weights, along: dense)
      }
      #expect(table.weights.rows(rows).isIdentical(to: small.weights))
      let rest = [0, 1, 4, 5, 7, 8, 9]
      #expect(table.weights.rows(rest).isIdentical(to: start.rows(rest)))
      for slot in lazy.state.slots[0] {
        #expect(slot.rows(rest).elements.allSatisfy { $0 == 0 })
        #expect(slot.rows(rows).elements.allSatisfy { $0 != 0 })
      }
    }
    if isDecoupled {
      try check(
        AdamW(learningRate: 0.1, weightDecay: 0.2, amsgrad: true, lazyRows: true),
        AdamW(learningRate: 0.1, weightDecay: 0.2, amsgrad: true))
    } else {
      try check(Adam(learningRate: 0.1, lazyRows: true), Adam(learningRate: 0.1))
    }
  }

  /// A row that once occurred moves on along its moments, unless rows are lazy.
  @Test func lazyRowsAreAnotherRule() {
    func afterTwoSteps(_ optimizer: Adam) -> Tensor {
      var (optimizer, table) = (optimizer, model().first)
      for token in [4, 5] {
        let (_, gradients) = valueAndGradients(of: table) {
          $0(TokenBatch([[token]])).validSteps.sum()
        }
        optimizer.update(&table, along: gradients)
      }
      return table.weights.rows([4])
    }
    #expect(!afterTwoSteps(Adam(lazyRows: true)).isIdentical(to: afterTwoSteps(Adam())))
  }
}
