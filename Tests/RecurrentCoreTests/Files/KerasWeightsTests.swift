import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

@Suite struct KerasWeightsTests {
  /// Import from both kinds of file, replay of what Keras computed, and export of the same bits.
  @Test(arguments: try Fixtures.cases(of: "keras"))
  func layersAreReadReplayedAndWrittenBack(_ reference: FixtureCase) throws {
    let theirs = try reference.tensors("weight.")
    let arrays = theirs.map { name, tensor in
      ("arr_\(name.prefix { $0 != "." })", tensor)
    }
    var weights = try KerasWeights(safetensors(theirs))
    var numpy = try KerasWeights(
      NumPyFile(bytes: NumPyFile.encode(arrays), source: "w.npz"))
    let layer = try reference.kerasLayer(from: &weights)
    let again = try reference.kerasLayer(from: &numpy)
    try weights.finish()
    try numpy.finish()
    let bits = { (layer: any Layer<SequenceBatch, SequenceBatch>) in
      layer.parameters.map { $0.tensor.elements.map(\.bitPattern) }
    }
    #expect(bits(layer) == bits(again))

    let isInOrder =
      reference.config["returnSequences"]?.bool ?? true
      && !(reference.config["options"]?["go_backwards"]?.bool ?? false)
    if isInOrder {
      try AnyLayer(layer).replay(
        Self.recording(reference), tolerance: Float(reference.tolerance))
    }

    var back = KerasWeights()
    try back.add(layer)
    try withTemporaryFolder { folder in
      try back.write(to: folder + "/w.safetensors")
      let file = try SafetensorsFile(path: folder + "/w.safetensors")
      expectSameBits(try file.names.map { ($0, try file.floats($0)) }, theirs)
      try back.write(to: folder + "/w.npz")
      let npz = try NumPyFile(path: folder + "/w.npz")
      expectSameBits(
        try npz.names.map { ($0, try npz.floats($0)) }, Dictionary(uniqueKeysWithValues: arrays))
      #expect(throws: DataError.self) { try back.write(to: folder + "/w.h5") }
    }
  }

  static func recording(_ reference: FixtureCase) throws -> Recording {
    var tensors = [
      "input": try reference.floats("input"), "output": try reference.floats("output"),
    ]
    for (name, tensor) in try reference.tensors("state.") { tensors["final.\(name)"] = tensor }
    let mask = reference.file.names.contains("mask") ? try reference.file.integers("mask") : nil
    return try Recording(
      SafetensorsFile(
        bytes: SafetensorsFile.encode(
          tensors.map { ($0.key, $0.value) }, integers: mask.map { [("mask", $0)] } ?? []),
        source: reference.name))
  }

  @Test func embeddingsAndNormsAreReadAndWritten() throws {
    let theirs = [
      "0.embeddings": StoredTensor(shape: [3, 2], values: [1, 2, 3, 4, 5, 6]),
      "1.gamma": StoredTensor(shape: [2], values: [7, 8]),
      "2.beta": StoredTensor(shape: [2], values: [9, 10]),
    ]
    for file in [try KerasWeights(safetensors(theirs)), try KerasWeights(Self.npz(theirs))] {
      var weights = file
      let embedding = try weights.embedding()
      let norm = try weights.layerNorm()
      try weights.finish()
      #expect(embedding.weights == Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2]))
      #expect(norm.gain == Tensor([7, 8]) && norm.bias == Tensor([9, 10]) && norm.epsilon == 1e-3)
      var back = KerasWeights()
      back.add(embedding)
      back.add(norm)
      expectSameBits(try back.tensors.all(), theirs)
    }
    let settings =
      #"[{"name":"n","class":"LayerNormalization","first":0,"count":2,"config":{"epsilon":0.001}}]"#
    let one = StoredTensor(shape: [1], values: [1])
    let file = try SafetensorsFile(
      bytes: SafetensorsFile.encode(
        [("0.gamma", one), ("1.beta", one)], metadata: ["keras": settings]), source: "w")
    var weights = try KerasWeights(file)
    let error = try dataError { () throws(DataError) in _ = try weights.layerNorm(epsilon: 1e-5) }
    #expect(error.problem == "found epsilon=\"0.001\", expected \"1e-05\"")
    _ = try weights.layerNorm()
  }

  // MARK: What is not as declared

  /// What a GRU(3) on 2 features, then a Dense(4), have.
  static func model() -> [String: StoredTensor] {
    func tensor(_ shape: [Int]) -> StoredTensor {
      StoredTensor(shape: shape, values: (0..<shape.reduce(1, *)).map { Float($0) })
    }
    return [
      "0.kernel": tensor([2, 9]), "1.recurrent_kernel": tensor([3, 9]), "2.bias": tensor([2, 9]),
      "3.kernel": tensor([3, 4]), "4.bias": tensor([4]),
    ]
  }

  static func read(_ weights: inout KerasWeights) throws(DataError) {
    _ = try weights.gru()
    _ = try weights.dense()
    try weights.finish()
  }

  /// The same arrays, without their kinds.
  static func npz(_ tensors: [String: StoredTensor]) throws -> NumPyFile {
    let arrays = tensors.sorted { $0.key < $1.key }.map { name, tensor in
      ("arr_\(name.prefix { $0 != "." })", tensor)
    }
    return try NumPyFile(bytes: NumPyFile.encode(arrays), source: "w.npz")
  }

  static func error(_ open: () throws -> KerasWeights) throws -> DataError {
    try #require(
      #expect(throws: DataError.self) {
        var weights = try open()
        try read(&weights)
      })
  }

  /// The errors of both kinds of file.
  static func errors(_ tensors: [String: StoredTensor]) throws -> [DataError] {
    try [
      error { try KerasWeights(safetensors(tensors)) }, error { try KerasWeights(npz(tensors)) },
    ]
  }

  @Test func whatTheTestsBreakIsSound() throws {
    var weights = try KerasWeights(safetensors(Self.model()))
    try Self.read(&weights)
    var numpy = try KerasWeights(Self.npz(Self.model()))
    try Self.read(&numpy)
  }

  @Test func everyMissingArrayIsNoticed() throws {
    for name in Self.model().keys.sorted() {
      var tensors = Self.model()
      tensors[name] = nil
      for error in try Self.errors(tensors) {
        // The last one is asked for; without another, the numbers after it have a gap.
        #expect(
          name == "4.bias"
            ? error.problem == "is missing, expected bias"
            : error.problem.contains("found this name among 4"), "\(name): \(error)")
      }
    }
  }

  @Test func everyMisshapenArrayIsNamed() throws {
    for (name, tensor) in Self.model() {
      // Kernels take any input size.
      for dimension in tensor.shape.indices where !(name.hasSuffix(".kernel") && dimension == 0) {
        var shape = tensor.shape
        shape[dimension] += 1
        var tensors = Self.model()
        tensors[name] = StoredTensor(
          shape: shape, values: [Float](repeating: 0, count: shape.reduce(1, *)))
        for (error, place) in paired(
          try Self.errors(tensors), [name, "arr_\(name.prefix(1))"])
        {
          // A dense layer's kernel may have any number of outputs, but as many as its bias.
          let expected =
            name == "3.kernel"
            ? place.replacing("3.kernel", with: "4.bias").replacing("3", with: "4")
            : place
          #expect(error.place == "tensor \"\(expected)\"", "\(error)")
          #expect(error.problem.hasPrefix("found shape ["), "\(error)")
        }
      }
    }
  }

  @Test func numbersThatAreNotFiniteAreNamed() throws {
    for (name, tensor) in Self.model() {
      var values = tensor.values
      values[3] = .nan
      var tensors = Self.model()
      tensors[name] = StoredTensor(shape: tensor.shape, values: values)
      for (error, place) in paired(try Self.errors(tensors), [name, "arr_\(name.prefix(1))"]) {
        #expect(error.place == "tensor \"\(place)\"", "\(error)")
        #expect(error.problem == "element 3 is nan, expected finite numbers")
      }
    }
  }

  @Test func extraAndMisnamedArraysAreNamed() throws {
    var tensors = Self.model()
    tensors["5.kernel"] = StoredTensor(shape: [1, 1], values: [1])
    for error in try Self.errors(tensors) {
      #expect(error.problem.hasPrefix("1 of 6 tensors were not used: "), "\(error)")
    }
    for name in ["x", "6.kernel", "05.kernel", "-1.kernel", ".kernel", "4.kernel", "1e0.x", "٤.x"] {
      var tensors = Self.model()
      tensors[name] = StoredTensor(shape: [1, 1], values: [1])
      let error = try Self.error { try KerasWeights(safetensors(tensors)) }
      #expect(error.problem.hasPrefix("found this name among 6"), "\(error)")
    }
    for name in ["arr_", "arr_7", "arr_01", "weights", "arr_-1", "arr_99999999999999999999"] {
      let error = try dataError { () throws(DataError) in
        let one = StoredTensor(shape: [1], values: [1])
        _ = try KerasWeights(
          NumPyFile(bytes: NumPyFile.encode([("arr_0", one), (name, one)]), source: "w.npz"))
      }
      #expect(error.place == "tensor \"\(name)\"", "\(error)")
    }
    // The right shape in the wrong place is told by its name.
    tensors = Self.model()
    tensors["2.kernel"] = tensors.removeValue(forKey: "2.bias")
    let error = try Self.error { try KerasWeights(safetensors(tensors)) }
    #expect(error.problem == "found this at place 2, expected 2.bias", "\(error)")
  }

  @Test func aWrongDeclarationIsRefused() throws {
    var weights = try KerasWeights(safetensors(Self.model()))
    let lstm = try dataError { () throws(DataError) in _ = try weights.lstm() }
    #expect(lstm.place == "tensor \"1.recurrent_kernel\"")
    #expect(
      lstm.problem.contains("found shape [3, 9], expected recurrent weights of LSTM"), "\(lstm)")
    #expect(lstm.advice == "Read them by gru()")

    let before = try dataError { () throws(DataError) in
      _ = try weights.gru(reset: .beforeProduct)
    }
    #expect(before.problem == "found shape [2, 9], expected [9]")
    #expect(before.advice == "The layer has reset_after=True; declare reset: .afterProduct")
    var tensors = Self.model()
    tensors["2.bias"] = StoredTensor(shape: [9], values: [Float](repeating: 1, count: 9))
    let after = try Self.errors(tensors)[0]
    #expect(after.problem == "found shape [9], expected [2, 9]")
    #expect(after.advice == "The layer has reset_after=False; declare reset: .beforeProduct")

    var unbiased = try KerasWeights(safetensors(Self.model()))
    _ = try unbiased.gru(bias: false)
    let next = try dataError { () throws(DataError) in _ = try unbiased.dense() }
    #expect(next.place == "tensor \"2.bias\"")
  }

  @Test func oneArrayAloneIsRefused() throws {
    let error = #expect(throws: DataError.self) {
      try KerasWeights(file: Fixtures.folder(of: "numpy") + "/fortran.npy")
    }
    #expect(error?.advice?.contains("np.savez(\"weights.npz\", *model.get_weights())") == true)
  }

  // MARK: What Keras cannot say

  @Test func whatKerasHasNotIsRefused() throws {
    var generator = SeededGenerator(seed: 8)
    let refused: [(any Layer<SequenceBatch, SequenceBatch>, String)] = [
      (LSTM(inputSize: 2, hiddenSize: 3, peepholes: true, using: &generator), "has peepholes"),
      (LSTM(inputSize: 2, hiddenSize: 3, coupledGates: true, using: &generator), "has coupled"),
      (LSTM(inputSize: 2, hiddenSize: 3, projectionSize: 2, using: &generator), "a projection"),
      (
        GRU(inputSize: 2, hiddenSize: 3, options: .init(gateClip: 1), using: &generator),
        "has a clip"
      ),
      (
        GRU(
          inputSize: 2, hiddenSize: 3, options: .init(gateActivation: .hardSigmoidONNX),
          using: &generator), "has the gate activation hardSigmoidONNX"
      ),
      (
        SimpleRNN(
          inputSize: 2, hiddenSize: 3, options: .init(activation: .leakyReLU), using: &generator),
        "has the activation leakyReLU"
      ),
      (EachStep(Dense(inputSize: 2, outputSize: 3, using: &generator)), "expected LSTM, GRU"),
    ]
    for (layer, problem) in refused {
      var weights = KerasWeights()
      let error = try dataError { () throws(DataError) in try weights.add(layer) }
      #expect(error.problem.contains(problem), "\(error)")
      #expect(error.kind == .unwritable)
    }
  }

  /// Where Keras has one bias and the formula only adds the second, their sum is the same layer.
  @Test(arguments: [0, 1, 2])
  func twoBiasesBecomeTheirSum(_ which: Int) throws {
    var generator = SeededGenerator(seed: 9)
    let input = SequenceBatch(Tensor(generator.floats(2 * 4 * 2), shape: [2, 4, 2]))
    func check<L: Layer<SequenceBatch, SequenceBatch>>(
      _ layer: L, _ read: (inout KerasWeights) throws -> L
    ) throws {
      var weights = KerasWeights()
      try weights.add(layer)
      let back = try read(&weights)
      #expect(back.parameters.count == 3 && layer.parameters.count == 4)
      #expect(back(input).values.isIdentical(to: layer(input).values))
    }
    switch which {
    case 0:
      try check(LSTM(inputSize: 2, hiddenSize: 3, using: &generator)) { try $0.lstm() }
    case 1:
      try check(SimpleRNN(inputSize: 2, hiddenSize: 3, using: &generator)) { try $0.simpleRNN() }
    default:
      try check(
        GRU(inputSize: 2, hiddenSize: 3, reset: .beforeProduct, using: &generator)
      ) { try $0.gru(reset: .beforeProduct) }
    }
  }
}
