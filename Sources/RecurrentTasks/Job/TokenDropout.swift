import Recurrent

extension TokenBatch {
  /// In training, a share of the tokens becomes the unknown one: so that the unknown token has a meaning,
  /// and no decision hangs on one word.
  ///
  /// - Parameter spared: a token that stays; nil: none does.
  func dropping(_ share: Float, sparing spared: Int? = nil, mode: Mode) -> TokenBatch {
    guard share > 0, let keys = mode.rowKeys(batchSize) else { return self }
    return TokenBatch(
      zip(keys, tokens).map { key, tokens in
        var generator = RandomGenerator(key)
        return tokens.map { generator.uniform() < share && $0 != spared ? 0 : $0 }
      }, time: time)
  }
}
