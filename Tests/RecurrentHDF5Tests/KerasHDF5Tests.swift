// With the package trait HDF5: swift test --traits HDF5 --filter RecurrentHDF5Tests
#if HDF5
  import Recurrent
  import RecurrentHDF5
  import TestSupport
  import Testing

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
