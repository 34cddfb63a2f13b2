extension LayerTwin {
  /// The twin of ``Reversed`` around this one's layer.
  package var reversed: LayerTwin {
    LayerTwin { parameters, input, lengths, state in
      let (output, final) = function(
        parameters, Self.turned(input, lengths), lengths, state)
      return (Self.turned(output, lengths), final)
    }
  }

  /// The twin of ``Bidirectional`` around two layers, this one's and another of the same state.
  package func bidirectional(_ backward: LayerTwin) -> LayerTwin {
    LayerTwin { parameters, input, lengths, state in
      func part(_ prefix: String) -> [String: PlainArray] {
        Dictionary(
          uniqueKeysWithValues: parameters.filter { $0.key.hasPrefix(prefix) }.map {
            (String($0.key.dropFirst(prefix.count)), $0.value)
          })
      }
      let half = state.count / 2
      let there = function(part("forward."), input, lengths, Array(state[..<half]))
      let back = backward.reversed.function(
        part("backward."), input, lengths, Array(state[half...]))
      return (.concatenated([there.output, back.output], along: 2), there.state + back.state)
    }
  }

  /// The twin of ``SkipConnection`` that puts the input beside the output.
  package var concatenatingInput: LayerTwin {
    LayerTwin { parameters, input, lengths, state in
      let (output, final) = function(parameters, input, lengths, state)
      let valid = PlainArray(shape: input.shape) { index in
        index[1] < lengths[index[0]] ? input[index] : 0
      }
      return (.concatenated([valid, output], along: 2), final)
    }
  }

  /// Each row's valid steps from the last to the first.
  private static func turned(_ values: PlainArray, _ lengths: [Int]) -> PlainArray {
    PlainArray(shape: values.shape) { index in
      let length = lengths[index[0]]
      return index[1] < length ? values[[index[0], length - 1 - index[1], index[2]]] : 0
    }
  }
}
