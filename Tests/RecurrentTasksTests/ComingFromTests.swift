import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// What *Coming from PyTorch*, *Coming from Keras* and *Coming from darts* say of defaults and
/// formulas, row by row: a default that changes fails here, and the article changes with it.
@Suite struct ComingFromTests {
  /// The largest magnitude of a tensor.
  private func largest(_ tensor: Tensor?) throws -> Float {
    let magnitudes = try #require(tensor?.absolute().elements)
    return magnitudes.max() ?? 0
  }

  /// How far an update along gradients of 1e-6 moves a weight.
  private func firstStep(_ optimizer: some Optimizer) -> Double {
    var (optimizer, weight) = (optimizer, Tensor([0]))
    let (_, gradients) = valueAndGradients(of: weight) { ($0 * 1e-6).sum() }
    optimizer.update(&weight, along: gradients)
    return -Double(weight.value)
  }

  // MARK: PyTorch

  @Test func recurrentLayersStartAsInPyTorch() throws {
    var generator = RandomGenerator(seed: 1)
    let limit = 1 / Float(16).squareRoot()
    for layer in CellKind.allCases where layer != .mogrifier {
      let drawn = layer.layer(inputSize: 3, hiddenSize: 16, using: &generator)
      for (name, parameter) in drawn.parameters {
        let largest = try largest(parameter)
        #expect(largest <= limit && largest > 0.8 * limit, "\(layer) \(name)")
      }
      #expect(drawn.parameters.count == 4, "\(layer): two matrices, two biases")
    }
  }

  @Test func denseAndEmbeddingStartAsInPyTorch() throws {
    var generator = RandomGenerator(seed: 1)
    let dense = Dense(inputSize: 25, outputSize: 40, using: &generator)
    #expect(try largest(dense.weights) <= 0.2 && largest(dense.weights) > 0.19)
    #expect(try largest(dense.bias) <= 0.2 && largest(dense.bias) > 0.15)
    let table = Embedding(vocabularySize: 100, size: 100, using: &generator).weights
    #expect(abs(table.mean().value) < 0.03)
    #expect(abs(table.squared().mean().value - 1) < 0.05)
  }

  @Test func optimizersHavePyTorchsNumbers() {
    let adam = Adam()
    #expect(adam.learningRate == 1e-3 && adam.rule.weightDecay == 0 && !adam.rule.amsgrad)
    #expect(adam.rule.beta1 == 0.9 && adam.rule.beta2 == 0.999 && adam.rule.epsilon == 1e-8)
    #expect(AdamW().rule.weightDecay == 0.01 && AdamW().rule.isDecoupled)
    let rms = RMSprop()
    #expect(rms.learningRate == 1e-2 && rms.rho == 0.99 && rms.epsilon == 1e-8)
    #expect(rms.momentum == 0 && !rms.centered)
    let sgd = SGD(learningRate: 0.1)
    #expect(sgd.momentum == 0 && sgd.dampening == 0 && !sgd.nesterov && sgd.weightDecay == 0)
  }

  @Test func normsHavePyTorchsNumbers() {
    #expect(LayerNorm(size: 3).epsilon == 1e-5)
    #expect(BatchNorm(size: 3).epsilon == 1e-5 && BatchNorm(size: 3).momentum == 0.1)
  }

  /// Of the first step from zero state, with all weights 0 but the biases b and b', the output of
  /// each layer says in which order its gates stand and where the reset gate acts.
  @Test func gatesStandAsInPyTorch() {
    func weights(_ bias: [Float], _ second: [Float]? = nil) -> RecurrentWeights {
      RecurrentWeights(
        input: .zeros([1, bias.count]), recurrent: .zeros([1, bias.count]), bias: Tensor(bias),
        recurrentBias: second.map { Tensor($0) })
    }
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let input = SequenceBatch(.zeros([1, 1, 1]))
    let lstm = LSTM(weights: weights([0.5, -2, 0.7, 1.5]))  // i f g o
    var state = LSTM.State(hidden: .zeros([1, 1]), cell: Tensor([1], shape: [1, 1]))
    let c = sigmoid(-2) + sigmoid(0.5) * tanh(0.7)
    #expect(abs(Double(lstm(input, state: &state).values.value) - sigmoid(1.5) * tanh(c)) < 1e-6)
    let gru = GRU(weights: weights([0.5, -2, 0.7], [0, 0, 0.9]))  // r z n
    #expect(gru.reset == .afterProduct)
    let n = tanh(0.7 + sigmoid(0.5) * 0.9)
    #expect(abs(Double(gru(input).values.value) - (1 - sigmoid(-2)) * n) < 1e-6)
  }

  /// `weight_ih_l0` is `[4·H, I]`, W here `[I, 4·H]`.
  @Test func matricesOfPyTorchAreTurned() throws {
    var generator = RandomGenerator(seed: 1)
    let lstm = LSTM(inputSize: 3, hiddenSize: 2, using: &generator)
    try withTemporaryFolder { folder in
      var weights = PyTorchWeights()
      try weights.add(lstm, as: "lstm")
      try weights.write(to: folder + "/lstm.safetensors")
      let file = try SafetensorsFile(path: folder + "/lstm.safetensors")
      let theirs = try file.floats("lstm.weight_ih_l0")
      #expect(theirs.shape == [8, 3])
      let ours = lstm.weights.input.elements
      for row in 0..<8 {
        for column in 0..<3 { #expect(theirs.values[row * 3 + column] == ours[column * 8 + row]) }
      }
    }
  }

  @Test func dropoutOfAStackIsNotBehindItsLastLayer() {
    var generator = RandomGenerator(seed: 1)
    let input = SequenceBatch(Initializer.uniform(1)([2, 4, 3], using: &generator))
    for layers in [1, 2] {
      let stack = RecurrentStack(
        .lstm, inputSize: 3, hiddenSize: 4, layerCount: layers, dropout: 0.5, using: &generator)
      let drawn = stack(input, mode: .training(RandomKey(seed: 1))).values
      #expect(drawn.isIdentical(to: stack(input).values) == (layers == 1))
    }
  }

  @Test func rowsMayHaveAnyLengthInAnyOrder() {
    var generator = RandomGenerator(seed: 1)
    let lstm = LSTM(inputSize: 1, hiddenSize: 3, using: &generator)
    let batch = SequenceBatch(rows: [[[1], [2]], [], [[3], [4], [5]]])
    #expect(batch.lengths == [2, 0, 3])
    var state = lstm.initialState(batchSize: 3)
    let output = lstm(batch, state: &state)
    #expect(output.values.shape == [3, 3, 3], "batch first")
    // h_n of each row is the output at its own last step, and zeros where there is none.
    #expect(LastOutput()(output).isIdentical(to: state.hidden))
    #expect(state.hidden.elements[3..<6].allSatisfy { $0 == 0 })
  }

  @Test func bothDirectionsEndWhereTheirRowsEnd() {
    var generator = RandomGenerator(seed: 1)
    let layer = Bidirectional(
      GRU(inputSize: 1, hiddenSize: 2, using: &generator),
      GRU(inputSize: 1, hiddenSize: 2, using: &generator))
    let input = SequenceBatch(rows: [[[1], [2], [3]]])
    let (output, ends) = (layer(input).values.elements, layer.final(input).elements)
    #expect(ends == [output[8], output[9], output[2], output[3]])
    // go_backwards: outputs stand at the time of their inputs.
    let back = layer.backward(input).values.elements
    #expect(Array(back[0..<2]) == Array(output[2..<4]))
  }

  @Test func fitClipsToOneAndTakesBatchesOf32() {
    let options = TrainingOptions()
    #expect(options.clipping == .norm(1) && options.batchSize == 32)
    #expect(options.schedule == .constant && options.earlyStopping == nil)
  }

  @Test func aCopyIsACopy() {
    var generator = RandomGenerator(seed: 1)
    var model = Dense(inputSize: 2, outputSize: 1, using: &generator)
    let copy = model
    let (_, gradients) = valueAndGradients(of: model) { $0(Tensor([1, 2], shape: [1, 2])).sum() }
    var optimizer = SGD(learningRate: 1)
    optimizer.update(&model, along: gradients)
    #expect(!model.weights.isIdentical(to: copy.weights))
  }

  // MARK: Keras

  @Test func kerasStartsWithGlorotOrthogonalAndAForgetBias() throws {
    var generator = RandomGenerator(seed: 1)
    let lstm = LSTM(inputSize: 5, hiddenSize: 8, initialization: .keras, using: &generator)
    let limit = (6 / Float(5 + 32)).squareRoot()
    #expect(try largest(lstm.weights.input) <= limit && largest(lstm.weights.input) > 0.9 * limit)
    let products = lstm.weights.recurrent.matrixProduct(lstm.weights.recurrent.transposed())
    for row in 0..<8 {
      for column in 0..<8 {
        let expected: Float = row == column ? 1 : 0
        #expect(abs(products.elements[row * 8 + column] - expected) < 1e-5)
      }
    }
    #expect(
      lstm.weights.bias?.elements
        == [Float](repeating: 0, count: 8) + [Float](repeating: 1, count: 8)
        + [Float](repeating: 0, count: 16))
    #expect(lstm.weights.recurrentBias == nil)
    // The other rule has two biases, none of them 1.
    #expect(RecurrentInitialization.pytorch.hasTwoBiases)
  }

  @Test func optimizersHaveKerassNumbersWhereAskedFor() {
    let adam = Adam(convention: .keras)
    #expect(adam.learningRate == 1e-3 && adam.rule.epsilon == 1e-7)
    #expect(RMSprop(convention: .keras).rho == 0.9)
    #expect(RMSprop(convention: .keras).learningRate == 1e-3)
    #expect(RMSprop(convention: .keras).epsilon == 1e-7)
    #expect(AdamW(convention: .keras).rule.weightDecay == 0.004)
    // ε inside of the correction, and outside: √v is 1e-6·√(1 - β₂).
    #expect(abs(firstStep(Adam()) - 1e-3 / (1 + 1e-8 / 1e-6)) < 1e-9)
    let root = 0.001.squareRoot()
    #expect(abs(firstStep(adam) - 1e-3 * root * 1e-6 / (1e-6 * root + 1e-7)) < 1e-9)
  }

  @Test func lossesTakeLogits() {
    let logits = Tensor([1, 2, 0.5], shape: [1, 3])
    let sum = exp(1.0) + exp(2.0) + exp(0.5)
    let loss = categoricalCrossEntropy(logits: logits, classes: [1]).value
    #expect(abs(Double(loss) + log(exp(2.0) / sum)) < 1e-6)
  }

  @Test func bothHardSigmoidsAreThere() {
    let input = Tensor([1])
    #expect(abs(Activation.hardSigmoid(input).value - (1 / 6 + 0.5)) < 1e-6)
    #expect(abs(Activation.hardSigmoidONNX(input).value - 0.7) < 1e-6)
  }

  /// Keras has z r h, and one bias for an LSTM.
  @Test func gatesOfKerasAreExchanged() throws {
    var generator = RandomGenerator(seed: 1)
    let gru = GRU(inputSize: 2, hiddenSize: 3, using: &generator)
    let lstm = LSTM(inputSize: 2, hiddenSize: 3, using: &generator)
    try withTemporaryFolder { folder in
      var weights = KerasWeights()
      try weights.add(gru)
      try weights.add(lstm)
      try weights.write(to: folder + "/model.npz")
      let file = try NumPyFile(path: folder + "/model.npz")
      let theirs = try file.floats("arr_0").values
      let ours = gru.weights.input.elements
      for row in 0..<2 {
        for unit in 0..<3 {
          #expect(theirs[row * 9 + unit] == ours[row * 9 + 3 + unit], "z")
          #expect(theirs[row * 9 + 3 + unit] == ours[row * 9 + unit], "r")
          #expect(theirs[row * 9 + 6 + unit] == ours[row * 9 + 6 + unit], "h")
        }
      }
      #expect(file.shape(of: "arr_2") == [2, 9], "reset_after has two biases")
      #expect(file.shape(of: "arr_5") == [12], "the LSTM has one")
    }
  }

  @Test func zeroIsATokenAsAnyOther() {
    let table = Embedding(weights: Tensor([5, 7], shape: [2, 1]))
    #expect(table(TokenBatch([[0, 1, 0]])).values.elements == [5, 7, 5])
  }

  @Test func clippingIsOfAllGradientsTogether() {
    let model = [Tensor([0]), Tensor([0])]
    let (_, gradients) = valueAndGradients(of: model) { ($0[0] * 3).sum() + ($0[1] * 4).sum() }
    let together = gradients.clipped(toNorm: 1)
    #expect(abs(together.norm - 1) < 1e-5)
    let each = gradients.clipped(.normPerParameter(1))
    #expect(each.tensors.compactMap { $0?.value }.allSatisfy { abs($0 - 1) < 1e-5 })
  }

  // MARK: darts

  @Test func forecasterHasTheDefaultsOfItsTable() {
    let options = ForecasterOptions()
    #expect(options.cell == .lstm && options.hiddenSize == 50 && options.layers == 3)
    #expect(options.dropout == 0 && options.window == 100 && options.horizon == 1)
    #expect(options.epochs == 100 && options.batchSize == 64 && options.learningRate == 1e-3)
    #expect(options.loss == .mse && options.scaling == .window && options.patience == 10)
    #expect(options.testFraction == 0.25 && options.validationFraction == 0.1)
    #expect(options.refit == .after && options.calendar == .auto && options.findsSeasons == true)
    #expect(options.quantiles == [0.1, 0.5, 0.9] && options.seed == 0)
  }

  @Test func errorsAreThoseOfDarts() throws {
    let errors = ForecastErrors(values: [10, 20], forecasts: [12, 16], scale: [2, 2])
    #expect(errors.rmse == 10.0.squareRoot() && errors.mae == 3)
    #expect(errors.mape == 20)  // 100·mean |e / y|
    #expect(abs(errors.smape - 100 * (2 / 22.0 + 4 / 36.0)) < 1e-12)
    #expect(errors.mase == 1.5)
    // darts raises an error where a value is 0; here there is no such number.
    #expect(ForecastErrors(values: [0], forecasts: [1], scale: [1]).mape == nil)
  }

  /// mean |y_t - y_{t-m}|: the scale of MASE, with m the season or 1.
  @Test func maseIsScaledByTheSeasonalDifference() {
    let values: [Double] = [1, 5, 2, 9]
    #expect(ForecastErrors.naiveScale(values) == 14 / 3.0)
    #expect(ForecastErrors.naiveScale(values, season: 2) == 2.5)
  }

  /// A gap is an error, unless it is said what becomes of it.
  @Test func gapsAreErrors() throws {
    let table = try Table(csvText: "t,y\n2024-01-01,1\n2024-01-02,\n2024-01-03,3\n")
    #expect(throws: DataError.self) { try Series.read(table, value: "y", time: "t") }
    let filled = try Series.read(table, value: "y", time: "t", missing: .interpolate)
    #expect(filled[0].target == [1, 2, 3])
  }
}
