import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// Whole models of Keras: their files, the settings in them, what these say of each layer.
@Suite struct KerasModelTests {
  /// The model of `Fixtures/generate_keras_model.py`.
  static func readModel(
    _ weights: inout KerasWeights, gates: Activation = .hardSigmoid, relu: Activation = .relu,
    merge: Merge = .average, reset: GRU.Reset = .beforeProduct
  ) throws -> some Layer<SequenceBatch, Tensor> {
    let both = try weights.bidirectional(merge: merge) { try $0.lstm() }
    let between = try weights.dense(activation: relu)
    let gru = try weights.gru(
      reset: reset, options: RecurrentOptions(gateActivation: gates), bias: false)
    let rnn = try weights.simpleRNN(options: RecurrentOptions(activation: .relu))
    let head = try weights.dense()
    try weights.finish()
    return Sequential {
      both
      EachStep(between)
      gru
      rnn
      LastOutput()
      head
    }
  }

  @Test(arguments: ["weights.npz", "weights.safetensors"])
  func aWholeModelIsReadAndReplayed(_ name: String) throws {
    let folder = Fixtures.folder(of: "keras-model")
    let recording = try Recording(file: folder + "/recording.safetensors")
    var weights = try KerasWeights(file: folder + "/" + name)
    try Self.readModel(&weights).replay(recording)

    // What the file does not tell, the recording does.
    func mismatch(_ read: (inout KerasWeights) throws -> some Layer<SequenceBatch, Tensor>) throws {
      var weights = try KerasWeights(file: folder + "/weights.npz")
      let model = try read(&weights)
      #expect(throws: ReplayMismatch.self) { try model.replay(recording) }
    }
    try mismatch { try Self.readModel(&$0, gates: .sigmoid) }
    try mismatch { try Self.readModel(&$0, relu: .identity) }
    try mismatch { try Self.readModel(&$0, merge: .sum) }
    try mismatch { try Self.readModel(&$0, reset: .afterProduct) }
  }

  @Test func settingsInTheFileAreChecked() throws {
    func error(
      _ read: (inout KerasWeights) throws -> some Layer<SequenceBatch, Tensor>
    ) throws -> String {
      var weights = try KerasWeights(
        file: Fixtures.folder(of: "keras-model") + "/weights.safetensors")
      let error = try #require(#expect(throws: DataError.self) { _ = try read(&weights) })
      return error.description
    }
    #expect(
      try error { try Self.readModel(&$0, gates: .sigmoid) }
        .contains(
          "layer \"gru\": found recurrent_activation=\"hard_sigmoid\", expected \"sigmoid\""))
    #expect(
      try error { try Self.readModel(&$0, relu: .identity) }
        .contains(
          "layer \"time_distributed/dense\": found activation=\"relu\", expected \"linear\""))
    #expect(
      try error { try Self.readModel(&$0, merge: .sum) }
        .contains(
          "layer \"bidirectional/forward_lstm\": found merge_mode=\"ave\", expected \"sum\""))
    #expect(
      try error { try Self.readModel(&$0, reset: .afterProduct) }
        .contains("layer \"gru\": found reset_after=\"False\", expected \"True\""))
    #expect(
      try error { weights in
        _ = try weights.lstm()
        return try Self.readModel(&weights)
      }.contains("layer \"time_distributed/dense\": found \"Dense\", expected LSTM"))
    #expect(
      try error { weights in
        _ = try weights.lstm(bias: false)
        return try Self.readModel(&weights)
      }.contains("array 2: is not the first of a layer"))
  }

  @Test(arguments: ["mish", "relu6", "hard_tanh", "leakyReLU"])
  func activationsThatNoLayerHasAreRefused(_ name: String) throws {
    let one = StoredTensor(shape: [1, 1], values: [1])
    func read(_ name: String, as activation: Activation) throws(DataError) {
      let settings =
        "[{\"name\":\"n\",\"class\":\"SimpleRNN\",\"first\":0,\"count\":2,"
        + "\"config\":{\"activation\":\"\(name)\"}}]"
      let file = try SafetensorsFile(
        bytes: SafetensorsFile.encode(
          [("0.kernel", one), ("1.recurrent_kernel", one)], metadata: ["keras": settings]),
        source: "w")
      var weights = try KerasWeights(file)
      _ = try weights.simpleRNN(options: RecurrentOptions(activation: activation), bias: false)
    }
    let error = try dataError { () throws(DataError) in try read(name, as: .leakyReLU) }
    #expect(error.problem == "has the activation \"\(name)\", which no layer here has")
    // Keras's leaky ReLU is not PyTorch's.
    try read("leaky_relu", as: .leakyReLUKeras)
    #expect(throws: DataError.self) { try read("leaky_relu", as: .leakyReLU) }
  }

  /// A layer that ran backwards there is not read as one that runs forwards.
  @Test(arguments: [false, true])
  func directionsAreChecked(_ goesBackwards: Bool) throws {
    let one = StoredTensor(shape: [1, 1], values: [1])
    let settings =
      "[{\"name\":\"n\",\"class\":\"SimpleRNN\",\"first\":0,\"count\":2,"
      + "\"config\":{\"go_backwards\":\(goesBackwards)}}]"
    let file = try SafetensorsFile(
      bytes: SafetensorsFile.encode(
        [("0.kernel", one), ("1.recurrent_kernel", one)], metadata: ["keras": settings]),
      source: "w")
    var weights = try KerasWeights(file)
    if goesBackwards {
      let error = try dataError { () throws(DataError) in _ = try weights.simpleRNN(bias: false) }
      #expect(error.problem == "found go_backwards=\"True\", expected \"False\"")
      _ = try weights.reversed { try $0.simpleRNN(bias: false) }
      try weights.finish()
    } else {
      #expect(throws: DataError.self) { try weights.reversed { try $0.simpleRNN(bias: false) } }
      _ = try weights.simpleRNN(bias: false)
    }
  }

  @Test(arguments: [
    "", "{}", "[", "[{}]", "[{\"name\":1}]", String(repeating: "[", count: 100_000),
    "[{\"name\":\"a\",\"class\":\"LSTM\",\"first\":1e99,\"count\":1,\"config\":{}}]",
    "[{\"name\":\"a\",\"class\":\"LSTM\",\"first\":0,\"count\":1,\"config\":{\"activation\":1}}]",
  ])
  func brokenSettingsAreRefused(_ text: String) throws {
    let one = [("0.kernel", StoredTensor(shape: [1, 1], values: [1]))]
    let file = try SafetensorsFile(
      bytes: SafetensorsFile.encode(one, metadata: ["keras": text]), source: "w")
    let error = try dataError { () throws(DataError) in _ = try KerasWeights(file) }
    #expect(error.file == "w, metadata \"keras\"")
    #expect(error.description.utf8.count < 600)
  }

  /// One `.npy` file for each array.
  @Test func severalFilesAreAModel() throws {
    var generator = SeededGenerator(seed: 9)
    let layer = GRU(
      inputSize: 2, hiddenSize: 3, initialization: .keras, using: &generator)
    try withTemporaryFolder { folder in
      var keras = KerasWeights()
      try keras.add(layer)
      try keras.write(to: folder + "/all.npz")
      let all = try NumPyFile(path: folder + "/all.npz")
      let paths = try all.names.map { name in
        let path = "\(folder)/\(name).npy"
        try Data(NumPyArray.encode(try all.floats(name))).write(to: URL(fileURLWithPath: path))
        return path
      }
      var weights = try KerasWeights(files: paths)
      let read = try weights.gru()
      try weights.finish()
      for ((name, a), (_, b)) in paired(read.parameters, layer.parameters) {
        #expect(a.isIdentical(to: b), "\(name)")
      }
      #expect(throws: DataError.self) { try KerasWeights(files: [folder + "/all.npz"]) }
      #expect(throws: DataError.self) { try KerasWeights(files: paths + [folder + "/no.npy"]) }
      var fewer = try KerasWeights(files: Array(paths.prefix(2)))
      #expect(throws: DataError.self) { try fewer.gru() }
    }
  }
}
