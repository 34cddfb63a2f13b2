import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// What PyTorch cannot say.
extension PyTorchWeightsTests {
  static let refused: [(layer: any Layer<SequenceBatch, SequenceBatch>, problem: String)] = {
    var generator = SeededGenerator(seed: 5)
    func lstm(
      _ options: RecurrentOptions = RecurrentOptions(), peepholes: Bool = false,
      coupledGates: Bool = false, hiddenSize: Int = 3
    ) -> LSTM {
      LSTM(
        inputSize: 2, hiddenSize: hiddenSize, peepholes: peepholes, coupledGates: coupledGates,
        options: options, using: &generator)
    }
    return [
      (
        GRU(inputSize: 2, hiddenSize: 3, reset: .beforeProduct, using: &generator),
        "a reset gate that acts before the recurrent product"
      ),
      (
        GRU(
          inputSize: 2, hiddenSize: 3, options: .init(gateActivation: .hardSigmoid),
          using: &generator), "has the gate activation hardSigmoid"
      ),
      (lstm(.init(gateActivation: .hardSigmoid)), "has the gate activation hardSigmoid"),
      (lstm(.init(activation: .relu)), "has the activation relu"),
      (
        SimpleRNN(inputSize: 2, hiddenSize: 3, options: .init(activation: .elu), using: &generator),
        "has the activation elu"
      ),
      (lstm(.init(gateClip: 3)), "has a clip"),
      (lstm(.init(cellClip: 3)), "has a clip"),
      (lstm(.init(zoneout: 0.1)), "has zoneout"),
      (lstm(peepholes: true), "has peepholes"),
      (lstm(coupledGates: true), "coupled input and forget gates"),
      (Bidirectional(lstm(), lstm(), merge: .sum), "another rule than concatenation"),
      (Bidirectional(lstm(), lstm(hiddenSize: 4)), "different kinds, sizes"),
      (
        RecurrentStack([
          AnyLayer(lstm()), AnyLayer(GRU(inputSize: 3, hiddenSize: 3, using: &generator)),
        ]), "different kinds, sizes"
      ),
      (
        RecurrentStack([
          AnyLayer(Bidirectional(lstm(), lstm())),
          AnyLayer(LSTM(inputSize: 6, hiddenSize: 3, using: &generator)),
        ]), "different kinds, sizes"
      ),
      (EachStep(Dense(inputSize: 2, outputSize: 3, using: &generator)), "expected LSTM, GRU"),
      (Bidirectional(lstm(), Bidirectional(lstm(), lstm())), "expected LSTM, GRU"),
    ]
  }()

  @Test(arguments: refused.indices)
  func whatPyTorchHasNotIsRefused(_ index: Int) throws {
    let (layer, problem) = Self.refused[index]
    var weights = PyTorchWeights()
    let error = try dataError { () throws(DataError) in try weights.add(layer, as: "e") }
    #expect(error.kind == .unwritable)
    #expect(error.place == "module \"e\"")
    #expect(error.problem.contains(problem), "\(error)")
  }

  @Test func biasesThatAreNotThereAreZeros() throws {
    var generator = SeededGenerator(seed: 6)
    let one = GRU(inputSize: 2, hiddenSize: 3, initialization: .keras, using: &generator)
    var weights = one.weights
    weights.bias = Tensor(generator.floats(9))
    weights.recurrentBias = nil
    let none = GRU(inputSize: 3, hiddenSize: 3, bias: false, using: &generator)
    var file = PyTorchWeights()
    try file.add(RecurrentStack([AnyLayer(GRU(weights: weights)), AnyLayer(none)]), as: "")
    let tensors = Dictionary(uniqueKeysWithValues: try file.tensors.all())
    #expect(tensors["bias_ih_l0"]?.values == weights.bias?.elements)
    for name in ["bias_hh_l0", "bias_ih_l1", "bias_hh_l1"] {
      #expect(tensors[name]?.values == [Float](repeating: 0, count: 9), "\(name)")
    }
  }
}
