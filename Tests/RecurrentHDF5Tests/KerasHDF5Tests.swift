// With the package trait HDF5: swift test --traits HDF5 --filter RecurrentHDF5Tests
#if HDF5
  import Recurrent
  import RecurrentHDF5
  import TestSupport
  import Testing

  /// The model of `Fixtures/generate_keras_model.py`, as Keras 3 keeps it whole and as Keras 2 keeps its weights.
  @Suite struct KerasFixtureTests {
    @Test(arguments: ["model.keras", "weights.h5"])
    func givesWhatKerasGave(_ name: String) throws {
      let folder = Fixtures.folder(of: "keras-model")
      var weights = try KerasWeights(hdf5: folder + "/" + name)
      let both = try weights.bidirectional(merge: .average) { try $0.lstm() }
      let between = try weights.dense(activation: .relu)
      let gru = try weights.gru(
        reset: .beforeProduct, options: RecurrentOptions(gateActivation: .hardSigmoid), bias: false)
      let rnn = try weights.simpleRNN(options: RecurrentOptions(activation: .relu))
      let head = try weights.dense()
      try weights.finish()
      let model = Sequential {
        both
        EachStep(between)
        gru
        rnn
        LastOutput()
        head
      }
      try model.replay(Recording(file: folder + "/recording.safetensors"))
    }

    /// What a model of Keras 3 says of its layers is held against what is declared.
    @Test func aLayerOfOtherSettingsIsRefused() throws {
      var weights = try KerasWeights(hdf5: Fixtures.folder(of: "keras-model") + "/model.keras")
      let error = try dataError { _ = try weights.bidirectional { try $0.lstm() } }
      #expect(error.problem == "found merge_mode=\"ave\", expected \"concat\"", "\(error)")
    }

    @Test func anotherArchiveIsRefused() throws {
      try withTemporaryFolder { folder in
        try NumPyFile.write(
          [("arr_0", StoredTensor(shape: [1], values: [1]))], to: folder + "/a.npz")
        let error = try dataError { _ = try KerasWeights(hdf5: folder + "/a.npz") }
        #expect(error.problem == "holds no config.json, expected a .keras file of Keras 3")
      }
    }
  }

  /// Published models in files of Keras 2, against what Keras gave: those in the folder that
  /// `RECURRENT_MODELS` names.
  @Suite(.enabled(if: SharedModels.folder != nil, "set RECURRENT_MODELS to a folder of models"))
  struct KerasHDF5Tests {
    private func path(_ file: String) throws -> String {
      try #require(SharedModels.path(file), "RECURRENT_MODELS holds no \(file)")
    }

    /// Letters to word vectors by two LSTMs, whose gates have the hard sigmoid of Keras 2.
    @Test func chars2vec() throws {
      var weights = try KerasWeights(hdf5: try path("chars2vec_50/eng_50_weights.h5"))
      let options = RecurrentOptions(gateActivation: .hardSigmoidONNX)
      let (first, second) = (
        try weights.lstm(options: options), try weights.lstm(options: options)
      )
      try weights.finish()
      let reference = try NumPyFile(path: try path("chars2vec_50/reference_50.npz"))
      let (input, wanted) = (try reference.floats("input"), try reference.floats("output"))
      let found = second(first(SequenceBatch(Tensor(input.values, shape: input.shape))))
        .lastValidSteps
      expectClose(
        found.elements, shape: found.shape, to: wanted.values, shape: wanted.shape, within: 1e-5)
    }

    /// Characters to the next one: two LSTMs of CuDNN's layout, attention over the vectors and both
    /// outputs.
    @Test func textgenrnn() throws {
      var weights = try KerasWeights(hdf5: try path("textgenrnn/textgenrnn_weights.hdf5"))
      let embedding = try weights.embedding()
      let (first, second) = (try weights.lstm(), try weights.lstm())
      let attention = try weights.array()
      let head = try weights.dense(activation: .softmax)
      try weights.finish()
      let reference = try NumPyFile(path: try path("textgenrnn/reference.npz"))
      let ids = try reference.integers("ids")
      let tokens = (0..<4).map { row in (0..<40).map { Int(ids.values[row * 40 + $0]) } }
      let vectors = embedding(TokenBatch(tokens))
      let (one, two) = (first(vectors), second(first(vectors)))
      for (name, found) in [("rnn_1", one), ("rnn_2", two)] {
        let wanted = try reference.floats(name)
        expectClose(
          found.values.elements, shape: found.values.shape, to: wanted.values, shape: wanted.shape,
          within: 1e-5, name)
      }
      let all = Tensor.concatenated([vectors.values, one.values, two.values], along: 2)
      let shares = all.matrixProduct(attention).reshaped(to: [4, 40]).softmax()
      let context = (all * shares.reshaped(to: [4, 40, 1])).sum(along: 1)
      let found = head(context)
      let wanted = try reference.floats("probabilities")
      expectClose(
        found.elements, shape: found.shape, to: wanted.values, shape: wanted.shape, within: 1e-5)
    }
  }
#endif
