import Recurrent

/// Tokens in, a class of the same vocabulary out at each step.
struct LanguageModel: Module {
  var embedding: Embedding
  var recurrent: GRU
  var head: Dense

  init(vocabularySize: Int, size: Int, using generator: inout some RandomNumberGenerator) {
    embedding = Embedding(vocabularySize: vocabularySize, size: size, using: &generator)
    recurrent = GRU(inputSize: size, hiddenSize: size, using: &generator)
    head = Dense(inputSize: size, outputSize: vocabularySize, using: &generator)
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("embedding", &embedding)
    visitor.visit("recurrent", &recurrent)
    visitor.visit("head", &head)
  }
}

/// Both attentions over a bidirectional encoder, with dropout.
struct Translator: Module {
  var encoder: Bidirectional<LSTM, LSTM>
  var decoder: GRU
  var additive: AdditiveAttention
  var general: MultiplicativeAttention

  init(using generator: inout some RandomNumberGenerator) {
    encoder = Bidirectional(
      LSTM(inputSize: 16, hiddenSize: 24, using: &generator),
      LSTM(inputSize: 16, hiddenSize: 24, using: &generator))
    decoder = GRU(inputSize: 16, hiddenSize: 40, using: &generator)
    additive = AdditiveAttention(querySize: 40, memorySize: 48, size: 32, using: &generator)
    general = MultiplicativeAttention(querySize: 40, memorySize: 48, using: &generator)
  }

  func callAsFunction(_ input: SequenceBatch, _ queries: SequenceBatch, mode: Mode) -> Tensor {
    let encoded = encoder(input, mode: mode)
    let decoded = decoder(queries, mode: mode)
    let dropped = decoded.with(Dropout(rate: 0.2)(decoded.values, mode: mode))
    return additive(dropped, over: additive.prepare(encoded)).contexts.values
      + general(dropped, over: general.prepare(encoded)).contexts.values
  }

  mutating func visitParameters(_ visitor: inout ParameterVisitor) {
    visitor.visit("encoder", &encoder)
    visitor.visit("decoder", &decoder)
    visitor.visit("additive", &additive)
    visitor.visit("general", &general)
  }
}
