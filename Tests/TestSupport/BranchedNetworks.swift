import Recurrent

/// Networks that are no chain, all of three features.
package enum BranchedNetworks {
  /// The first two features times a mask that is computed from all three: `[B, T, 2]`.
  package static func mask(
    using generator: inout some RandomNumberGenerator
  ) -> Branches<SequenceBatch, SequenceBatch> {
    Branches(merge: .multiply) {
      Features(0..<2, of: 3)
      Sequential {
        GRU(inputSize: 3, hiddenSize: 2, using: &generator)
        EachStep(Dense(inputSize: 2, outputSize: 2, activation: .sigmoid, using: &generator))
      }
    }
  }

  /// Two encoders, each of features of its own: `[B, T, 4]`.
  package static func encoders(
    using generator: inout some RandomNumberGenerator
  ) -> Branches<SequenceBatch, SequenceBatch> {
    Branches {
      Sequential {
        Features(0..<1, of: 3)
        LSTM(inputSize: 1, hiddenSize: 2, using: &generator)
      }
      Sequential {
        Features(1..<3, of: 3)
        Conv1D(inputSize: 2, outputSize: 3, kernelSize: 2, padding: .causal, using: &generator)
        GRU(inputSize: 3, hiddenSize: 2, using: &generator)
      }
    }
  }

  /// The input and the outputs of two layers, one behind the other, side by side: `[B, T, 8]`.
  package static func outputs(
    using generator: inout some RandomNumberGenerator
  ) -> some Layer<SequenceBatch, SequenceBatch> {
    SkipConnection(
      around: Sequential {
        LSTM(inputSize: 3, hiddenSize: 2, using: &generator)
        SkipConnection(
          around: GRU(inputSize: 2, hiddenSize: 3, using: &generator), merge: .concatenate)
      }, merge: .concatenate)
  }

  /// Attention over the input and the outputs of two layers: `[B, 2]`.
  package static func attention(
    using generator: inout some RandomNumberGenerator
  ) -> some Layer<SequenceBatch, Tensor> {
    Sequential {
      outputs(using: &generator)
      AttentionPooling(inputSize: 8, attentionSize: 2, using: &generator)
      Dense(inputSize: 8, outputSize: 2, using: &generator)
    }
  }
}
