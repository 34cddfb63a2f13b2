import Recurrent
import TestSupport
import Testing

@Suite struct ParameterRuleTests {
  private let matrix = Tensor([3, -0.5, 0, 4, 0.5, 0], shape: [2, 3])

  private func columnNorms(_ matrix: Tensor) -> [Float] {
    (0..<matrix.shape[1]).map { column in
      (0..<matrix.shape[0]).reduce(Float(0)) { $0 + matrix[$1, column] * matrix[$1, column] }
        .squareRoot()
    }
  }

  @Test func maxNormShortensLongColumns() {
    let result = ParameterRule.Constraint.maxNorm(2)(matrix)
    #expect(result.elements == [1.2, -0.5, 0, 1.6, 0.5, 0])
    #expect(ParameterRule.Constraint.maxNorm(1)(Tensor([3, 4])).elements == [0.6, 0.8])
  }

  @Test func unitNorm() {
    let norms = columnNorms(ParameterRule.Constraint.unitNorm(matrix))
    #expect(abs(norms[0] - 1) < 1e-6 && abs(norms[1] - 1) < 1e-6 && norms[2] == 0)
  }

  @Test func nonNegative() {
    #expect(ParameterRule.Constraint.limit(0.7)(matrix).elements == [0.7, -0.5, 0, 0.7, 0.5, 0])
    #expect(ParameterRule.Constraint.nonNegative(matrix).elements == [3, 0, 0, 4, 0.5, 0])
  }

  /// Each constraint holds after training, for the parameters that it is for and no others.
  @Test func constraintsHoldAfterEachStep() throws {
    var trainer = smallTrainer(
      learningRate: 0.3,
      TrainingOptions(
        epochs: 5,
        rules: [
          ParameterRule("recurrent_weights", constraint: .maxNorm(0.4)),
          ParameterRule("recurrent.input_weights", constraint: .nonNegative),
          ParameterRule("head.weights", constraint: .unitNorm),
        ]))
    try trainer.run(on: smallExamples(20))
    let model = trainer.state.model
    let norms = columnNorms(model.recurrent.weights.recurrent)
    #expect(norms.allSatisfy { $0 <= 0.400_001 } && norms.contains { $0 > 0.399 })
    let input = model.recurrent.weights.input.elements
    #expect(input.allSatisfy { $0 >= 0 } && input.contains(0) && input.contains { $0 > 0 })
    #expect(columnNorms(model.head.weights).allSatisfy { abs($0 - 1) < 1e-6 })
    let bias = try #require(model.recurrent.weights.bias)
    #expect(bias.elements.contains { $0 < 0 })
  }

  /// A penalty changes the gradient as if it were part of the loss.
  @Test func penaltiesAreGradientsOfTheirSums() throws {
    let rules = [ParameterRule("recurrent.bias", l1: 0.3), ParameterRule("head.weights", l2: 0.2)]
    let options = TrainingOptions(epochs: 3, clipping: nil, rules: rules)
    var byRule = smallTrainer(options)
    var byLoss = SmallTrainer(
      SmallModel(), optimizer: Adam(learningRate: 0.01),
      options: TrainingOptions(epochs: 3, clipping: nil)
    ) { model, batch, mode in
      let penalty =
        (model.recurrent.weights.bias ?? Tensor(0)).absolute().sum() * 0.3
        + model.head.weights.squared().sum() * 0.2
      return meanSquaredError(model(batch.inputs, mode: mode), batch.targets) + penalty
    }
    var plain = smallTrainer(TrainingOptions(epochs: 3, clipping: nil))
    try byRule.run(on: smallExamples(20))
    try byLoss.run(on: smallExamples(20))
    try plain.run(on: smallExamples(20))
    for ((name, a), (_, b)) in paired(byRule.state.model.parameters, byLoss.state.model.parameters)
    {
      expectClose(
        a.elements, shape: a.shape, to: b.elements, shape: b.shape, within: 1e-5, name)
    }
    #expect(plain.state.model.bits != byRule.state.model.bits)
  }
}
