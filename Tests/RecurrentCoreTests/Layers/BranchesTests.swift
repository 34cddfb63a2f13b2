import Recurrent
import TestSupport
import Testing

/// Networks that are no chain: composed, saved and read, streamed.
@Suite struct BranchesTests {
  @Test func aMaskTimesTheSpectrum() async throws {
    var generator = RandomGenerator(seed: 1)
    let network = BranchedNetworks.mask(using: &generator)
    try await checkLayer(network, inputSize: 3, outputSize: 2)
    // The formula, by hand.
    let input = SequenceBatch(
      Tensor(SeededGenerator.floats(30, seed: 2), shape: [2, 5, 3]), lengths: [5, 3])
    let mask = network.layers[1](input)
    let product = input.with(mask.values * input.values.slice(0..<2, along: 2))
    #expect(network(input).validSteps.isIdentical(to: product.validSteps))
  }

  @Test func twoEncoders() async throws {
    var generator = RandomGenerator(seed: 3)
    let network = BranchedNetworks.encoders(using: &generator)
    #expect(
      network.parameters.map(\.name).filter { !$0.contains("recurrent") } == [
        "0.1.input_weights", "0.1.bias", "1.1.weights", "1.1.bias", "1.2.input_weights",
        "1.2.bias",
      ])
    #expect(network.paths.map(\.name) == ["0.1", "1.2"])
    #expect(network.featureCount == 3 && network.isCausal)
    try await checkLayer(network, inputSize: 3, outputSize: 4)
  }

  @Test func attentionOverSeveralLayers() async throws {
    var generator = RandomGenerator(seed: 4)
    try await checkLayer(
      BranchedNetworks.outputs(using: &generator), inputSize: 3, outputSize: 8)
    // Gradients through a softmax are small beside the rounding of differences.
    try await checkLayer(
      BranchedNetworks.attention(using: &generator), inputSize: 3, outputSize: 2, tolerance: 2e-3)
  }

  @Test(arguments: Merge.allCases)
  func merges(_ merge: Merge) async throws {
    var generator = RandomGenerator(seed: 5)
    let layer = Branches(merge: merge) {
      GRU(inputSize: 2, hiddenSize: 2, using: &generator)
      EachStep(Dense(inputSize: 2, outputSize: 2, activation: .tanh, using: &generator))
      Features(0..<2, of: 2)
    }
    try await checkLayer(layer, inputSize: 2, outputSize: merge == .concatenate ? 6 : 2)
    #expect(ModelStream(layer).isLaidOut)
  }

  /// What looks at later steps does so in a branch too.
  @Test func bothDirectionsInABranch() async throws {
    var generator = RandomGenerator(seed: 6)
    let layer = Branches {
      Reversed(LSTM(inputSize: 3, hiddenSize: 2, using: &generator))
      AnyLayer(SimpleRNN(inputSize: 3, hiddenSize: 2, using: &generator))
    }
    #expect(!layer.isCausal)
    try await checkLayer(layer, inputSize: 3, outputSize: 4)
  }

  /// Branches over single vectors, and branches that end in them.
  @Test func vectors() {
    var generator = RandomGenerator(seed: 7)
    let (first, second) = (
      Dense(inputSize: 3, outputSize: 4, using: &generator),
      Dense(inputSize: 3, outputSize: 4, activation: .tanh, using: &generator)
    )
    let x = Tensor(SeededGenerator.floats(6, seed: 8), shape: [2, 3])
    let layers: [any Layer<Tensor, Tensor>] = [first, second]
    #expect(
      Branches(layers, merge: .average)(x).isIdentical(to: (first(x) + second(x)) * 0.5))
    let pooled = Branches {
      MeanOverTime()
      MaxOverTime()
    }
    let batch = SequenceBatch(x.reshaped(to: [1, 2, 3]))
    #expect(
      pooled(batch).isIdentical(
        to: .concatenated([MeanOverTime()(batch), MaxOverTime()(batch)], along: 1)))
  }

  /// Two tables of vectors for the same tokens.
  @Test func tokens() throws {
    var generator = RandomGenerator(seed: 9)
    let model = Sequential {
      Branches {
        Embedding(vocabularySize: 7, size: 2, using: &generator)
        Embedding(vocabularySize: 7, size: 3, using: &generator)
      }
      GRU(inputSize: 5, hiddenSize: 4, using: &generator)
    }
    let tokens = [3, 0, 6, 6, 1]
    let whole = model(TokenBatch([tokens])).values
    let stream = ModelStream(model)
    #expect(stream.isLaidOut)
    var output: [Float] = []
    for (step, token) in tokens.enumerated() {
      try stream.step([token], into: &output)
      #expect(output == whole.slice(step..<step + 1, along: 1).elements)
    }
  }

  /// Each branch draws its own random numbers.
  @Test func dropoutByBranch() {
    let layer = Branches {
      EachStep(Dropout(rate: 0.5))
      EachStep(Dropout(rate: 0.5))
    }
    let input = SequenceBatch(Tensor(repeating: 1, shape: [1, 8, 4]))
    let output = layer(input, mode: .training(RandomKey(seed: 1))).values
    #expect(
      output.slice(0..<4, along: 2).elements != output.slice(4..<8, along: 2).elements)
  }

  @Test func summary() {
    var generator = RandomGenerator(seed: 10)
    let expected = """
            layer                  parameters
      0     Features                        0
      1.0   GRU 3 → 2                      42
      1.1   EachStep<Dense>                 6
      48 parameters
      """
    #expect(
      lines(BranchedNetworks.mask(using: &generator).summary) == lines(expected))
  }

  /// The words of each line.
  private func lines(_ text: String) -> [[String]] {
    text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
  }

  /// A folder gives the network again, built for its shapes alone; the state of a stream goes on from
  /// a file.
  @Test func folders() throws {
    struct Sizes: Codable, Sendable { var features = 3 }
    var (generator, shapes) = (RandomGenerator(seed: 11), ShapesOnly())
    let input = SequenceBatch(Tensor(SeededGenerator.floats(15, seed: 12), shape: [1, 5, 3]))
    func check<Network: Layer<SequenceBatch, SequenceBatch>>(
      _ network: Network, read built: Network
    ) throws {
      try withTemporaryFolder { folder in
        try ModelFolder.write(
          to: folder + "/model", task: "own", configuration: Sizes(),
          tensors: network.storedTensors)
        let contents = try ModelFolder.read(
          folder + "/model", expecting: "own", as: Sizes.self)
        var read = built
        try read.load(from: contents.weights)
        let output = network(input)
        #expect(read(input).values.isIdentical(to: output.values))
        var session = Session(network)
        _ = session.feed(input.steps(0..<2))
        try session.state.save(to: folder + "/state")
        var other = Session(read)
        try other.state.load(from: folder + "/state")
        let rest = other.feed(input.steps(2..<5))
        #expect(rest.values.isIdentical(to: output.values.slice(2..<5, along: 1)))
      }
    }
    try check(
      BranchedNetworks.mask(using: &generator), read: BranchedNetworks.mask(using: &shapes))
    try check(
      BranchedNetworks.encoders(using: &generator), read: BranchedNetworks.encoders(using: &shapes))
    try check(
      AnyLayer(BranchedNetworks.outputs(using: &generator)),
      read: AnyLayer(BranchedNetworks.outputs(using: &shapes)))
  }

  /// The networks of `Documentation/recurrent-layers.md`.
  @Test func networksOfThePage() {
    var generator = RandomGenerator(seed: 13)
    let masked = Branches(merge: .multiply) {
      Features(0..<257, of: 300)
      Sequential {
        GRU(inputSize: 300, hiddenSize: 64, using: &generator)
        EachStep(Dense(inputSize: 64, outputSize: 257, activation: .sigmoid, using: &generator))
      }
    }
    #expect(masked(SequenceBatch(.zeros([1, 2, 300]))).values.shape == [1, 2, 257])
    let encoders = Branches {
      Sequential {
        Features(0..<3, of: 5)
        LSTM(inputSize: 3, hiddenSize: 16, using: &generator)
      }
      Sequential {
        Features(3..<5, of: 5)
        GRU(inputSize: 2, hiddenSize: 8, using: &generator)
      }
    }
    #expect(encoders(SequenceBatch(.zeros([1, 2, 5]))).values.shape == [1, 2, 24])
    let attentive = Sequential {
      Embedding(vocabularySize: 465, size: 100, using: &generator)
      SkipConnection(
        around: Sequential {
          LSTM(inputSize: 100, hiddenSize: 128, using: &generator)
          SkipConnection(
            around: LSTM(inputSize: 128, hiddenSize: 128, using: &generator), merge: .concatenate)
        }, merge: .concatenate)
      AttentionPooling(inputSize: 356, attentionSize: 64, using: &generator)
      Dense(inputSize: 356, outputSize: 2, using: &generator)
    }
    #expect(attentive(TokenBatch([[1, 464], [2]])).shape == [2, 2])
  }

  @Test func stepsThatDoNotFitAreNamed() async {
    let result = await #expect(
      processExitsWith: .failure, observing: [\.standardErrorContent]
    ) {
      var generator = RandomGenerator(seed: 1)
      let layer = Branches {
        Conv1D(inputSize: 1, outputSize: 1, kernelSize: 2, padding: .valid, using: &generator)
        Features(0..<1, of: 1)
      }
      _ = layer(SequenceBatch(.zeros([1, 3, 1])))
    }
    expectMessage(
      "sequences of lengths [2] and [3] cannot be merged step by step", of: result)
  }
}
