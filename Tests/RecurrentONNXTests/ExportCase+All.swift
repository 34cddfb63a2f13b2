import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentONNX
@testable import RecurrentTasks

extension ExportCase {
  /// Everything that is written, by name.
  static func all() throws -> [(name: String, test: ExportCase)] {
    var generator = SeededGenerator(seed: 5)
    func weights(_ gates: Int, peepholes: Bool = false, bias: Bool = true) -> RecurrentWeights {
      RecurrentWeights(
        input: Tensor(generator.floats(3 * gates * 4), shape: [3, gates * 4]),
        recurrent: Tensor(generator.floats(4 * gates * 4), shape: [4, gates * 4]) * 0.5,
        bias: bias ? Tensor(generator.floats(gates * 4)) : nil,
        recurrentBias: bias ? Tensor(generator.floats(gates * 4)) : nil,
        peepholes: peepholes ? Tensor(generator.floats(12), shape: [3, 4]) : nil)
    }
    var cases: [(name: String, test: ExportCase)] = [
      ("lstm", try ExportCase(LSTM(weights: weights(4)))),
      ("lstm without bias", try ExportCase(LSTM(weights: weights(4, bias: false)))),
      (
        "lstm with everything",
        try ExportCase(
          LSTM(
            weights: weights(4, peepholes: true),
            options: RecurrentOptions(
              activation: .softsign, gateActivation: .hardSigmoid, gateClip: 0.7)))
      ),
      ("coupled lstm", try ExportCase(LSTM(weights: weights(3, peepholes: true)))),
      ("gru", try ExportCase(GRU(weights: weights(3)))),
      (
        "gru before",
        try ExportCase(
          GRU(
            weights: weights(3), reset: .beforeProduct,
            options: RecurrentOptions(activation: .elu, gateActivation: .hardSigmoidONNX)))
      ),
      (
        "rnn",
        try ExportCase(
          SimpleRNN(weights: weights(1), options: RecurrentOptions(activation: .leakyReLU)))
      ),
      (
        "bidirectional sum",
        try ExportCase(
          Bidirectional(GRU(weights: weights(3)), GRU(weights: weights(3)), merge: .sum))
      ),
      (
        "ends",
        try ExportCase(Bidirectional(LSTM(weights: weights(4)), LSTM(weights: weights(4))).final)
      ),
      (
        "stack",
        try ExportCase(
          RecurrentStack(
            .lstm, inputSize: 3, hiddenSize: 4, layerCount: 2, isBidirectional: true,
            dropout: 0.5, using: &generator))
      ),
      (
        "sequential",
        try ExportCase(
          Sequential {
            Conv1D(inputSize: 3, outputSize: 5, kernelSize: 4, dilation: 2, using: &generator)
            EachStep(
              Dense(inputSize: 5, outputSize: 4, activation: .gelu, using: &generator))
            SkipConnection(around: LSTM(inputSize: 4, hiddenSize: 4, using: &generator))
            LastOutput()
            Dropout(rate: 0.5)
            LayerNorm(size: 4)
            Dense(inputSize: 4, outputSize: 2, activation: .softmax, using: &generator)
          })
      ),
      (
        "causal",
        try ExportCase(
          Sequential {
            Conv1D(
              inputSize: 3, outputSize: 4, kernelSize: 3, padding: .causal, using: &generator)
            MaxOverTime()
          })
      ),
      (
        "mean",
        try ExportCase(
          Sequential {
            GRU(weights: weights(3))
            MeanOverTime()
          })
      ),
      (
        "attention",
        try ExportCase(
          Sequential {
            GRU(weights: weights(3))
            AttentionPooling(inputSize: 4, attentionSize: 3, using: &generator)
          })
      ),
    ]
    cases.append(("mask", try ExportCase(BranchedNetworks.mask(using: &generator))))
    cases.append(("encoders", try ExportCase(BranchedNetworks.encoders(using: &generator))))
    let attention = BranchedNetworks.attention(using: &generator)
    cases.append(
      (
        "attention over layers",
        try ExportCase(
          try #require(attention as? any OnnxExportable), output: attention(Self.sequences))
      ))
    for merge in Merge.allCases {
      let layer = Branches(merge: merge) {
        GRU(weights: weights(3))
        LSTM(weights: weights(4))
        SimpleRNN(weights: weights(1))
      }
      cases.append(("branches, \(merge)", try ExportCase(layer)))
    }
    for mode in PaddingMode.allCases {
      let layer = Conv1D(
        inputSize: 3, outputSize: 4, kernelSize: 4, dilation: 2,
        padding: .explicit(left: 4, right: 2), paddingMode: mode, using: &generator)
      cases.append(("convolution with \(mode)", try ExportCase(layer)))
    }
    for mode in PaddingMode.allCases {
      for (padding, stride) in [
        (Conv1D.Padding.same, 2), (.same, 3), (.causal, 2), (.valid, 1),
        (.explicit(left: 1, right: 3), 2),
      ] where mode == .zeros || padding != .causal {
        let layer = Conv1D(
          inputSize: 3, outputSize: 4, kernelSize: 3, stride: stride, padding: padding,
          paddingMode: mode, using: &generator)
        let name = "convolution, \(padding), every \(stride), \(mode)"
        cases.append((name, try ExportCase(layer)))
        let network = Sequential {
          layer
          GRU(inputSize: 4, hiddenSize: 4, using: &generator)
          LastOutput()
        }
        var test = try ExportCase(network, output: network(Self.sequences))
        test.outputs["output_lengths"] = Tensor(layer(Self.sequences).lengths.map { Float($0) })
        cases.append((name + ", before a GRU", test))
      }
    }
    let looking = MultiHeadAttention(
      query: Dense(inputSize: 3, outputSize: 4, using: &generator),
      key: Dense(inputSize: 3, outputSize: 4, using: &generator),
      value: Dense(inputSize: 3, outputSize: 6, bias: false, using: &generator),
      output: Dense(inputSize: 6, outputSize: 5, using: &generator), heads: 2)
    cases.append(("attention by heads", try ExportCase(looking)))
    let gated = MogrifierLSTM(inputSize: 3, hiddenSize: 4, rounds: 5, using: &generator)
    cases.append(("mogrifier", try ExportCase(gated)))
    let narrow = MogrifierLSTM(inputSize: 3, hiddenSize: 4, rounds: 2, rank: 2, using: &generator)
    cases.append(("mogrifier, both ways", try ExportCase(Bidirectional(gated, narrow))))
    var norm = BatchNorm(size: 3)
    norm.runningMean = Tensor(generator.floats(3))
    norm.runningVariance = Tensor(generator.floats(3)).squared() + 0.5
    cases.append(("batch norm", try ExportCase(norm)))
    for activation in Activation.allCases {
      let dense = Dense(inputSize: 3, outputSize: 5, activation: activation, using: &generator)
      let input = SmallGraph.numbers([4, 3])
      cases.append(
        (activation.rawValue, try ExportCase(vectors: dense, input, output: dense(input))))
    }
    return cases + (try jobs(&generator))
  }
}
