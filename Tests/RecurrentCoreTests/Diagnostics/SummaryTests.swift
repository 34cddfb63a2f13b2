import Recurrent
import Testing

struct SummaryTests {
  private func model() -> some Layer<SequenceBatch, Tensor> & Sendable {
    var generator = RandomGenerator(seed: 1)
    return Sequential {
      LSTM(inputSize: 2, hiddenSize: 5, using: &generator)
      Dropout(rate: 0.2)
      LastOutput()
      Dense(inputSize: 5, outputSize: 3, using: &generator)
    }
  }

  /// Counts by PyTorch: 4·5·(2 + 5 + 2) for the LSTM, (5 + 1)·3 for the linear layer.
  @Test func everyLayerHasARow() {
    let lines = model().summary.split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    #expect(lines[0] == ["layer", "parameters"])
    #expect(lines[1] == ["0", "LSTM", "2", "→", "5", "180"])
    #expect(lines[2].first == "1" && lines[2].last == "0")
    #expect(lines[3] == ["2", "LastOutput", "0"])
    #expect(lines[4] == ["3", "Dense", "18"])
    #expect(lines[5] == ["198", "parameters"])
  }

  @Test func anExampleGivesTheShapes() {
    var generator = RandomGenerator(seed: 1)
    let model = Sequential {
      Embedding(vocabularySize: 7, size: 4, using: &generator)
      GRU(inputSize: 4, hiddenSize: 6, using: &generator)
      LayerNorm(size: 6)
      LastOutput()
      Dense(inputSize: 6, outputSize: 2, using: &generator)
    }
    let text = model.summary(for: TokenBatch([[1, 2, 3], [4]]))
    let lines = text.split(separator: "\n").map(String.init)
    #expect(lines.count == 7)
    #expect(lines[1].contains("[2, 3, 4]") && lines[1].hasSuffix("28"))
    #expect(lines[2].contains("[2, 3, 6]") && lines[2].hasSuffix("216"))
    #expect(lines[3].contains("[2, 3, 6]") && lines[3].hasSuffix("12"))
    #expect(lines[4].contains("[2, 6]"))
    #expect(lines[5].contains("[2, 2]") && lines[5].hasSuffix("14"))
    #expect(lines[6] == "270 parameters")
  }

  @Test func parametersOfAModulesOwnAreCounted() {
    struct Scaled: Module {
      var dense: Dense
      var scale = Tensor(1)
      var norm = BatchNorm(size: 2)

      mutating func visitParameters(_ visitor: inout ParameterVisitor) {
        visitor.visit("dense", &dense)
        visitor.visit("scale", &scale)
        visitor.visit("norm", &norm)
      }
    }
    var generator = RandomGenerator(seed: 1)
    let text = Scaled(dense: Dense(inputSize: 2, outputSize: 2, using: &generator)).summary
    #expect(text.contains("of its own"))
    #expect(text.hasSuffix("11 parameters and 4 measured numbers"))
  }
}
