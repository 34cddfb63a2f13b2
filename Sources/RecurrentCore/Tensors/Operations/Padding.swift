import RecurrentFiles

/// What stands before the first and behind the last entry where a dimension is made longer.
public enum PaddingMode: String, Sendable, Codable, CaseIterable {
  /// Zeros: `0 0 a b c 0 0`.
  case zeros
  /// The entries as in a mirror at the outermost one: `c b a b c b a`; back again where they do not
  /// suffice, so that of one entry there are copies.
  case reflect
  /// The outermost entry: `a a a b c c c`.
  case edge

  /// Which of `size` entries is seen at a place before, among or behind them; nil: none, zeros.
  package func source(of place: Int, size: Int) -> Int? {
    if (0..<size).contains(place) { return place }
    if self == .zeros || size < 1 { return nil }
    if self == .edge { return place < 0 ? 0 : size - 1 }
    let period = max(2 * (size - 1), 1)
    let turned = (place % period + period) % period
    return min(turned, period - turned)
  }
}

extension Tensor {
  /// The tensor with `before` entries in front of those of one dimension and `after` behind them: of
  /// `[B, T, F]`, `padded(along: 1, before: 2)` is `[B, T + 2, F]`. Negative dimensions count from the
  /// end.
  ///
  /// - Precondition: Where the mode is not `zeros`, the dimension has an entry.
  public func padded(
    along dimension: Int, before: Int = 0, after: Int = 0, with mode: PaddingMode = .zeros
  ) -> Tensor {
    let dimension = normalized(dimension)
    let size = shape[dimension]
    require(
      before >= 0 && after >= 0,
      "at least 0 entries are put before and behind others, not \(before) and \(after)")
    if mode == .zeros {
      func zeros(_ count: Int) -> [Tensor] {
        var shape = shape
        shape[dimension] = count
        return count > 0 ? [.zeros(shape)] : []
      }
      return .concatenated(zeros(before) + [self] + zeros(after), along: dimension)
    }
    require(
      size > 0,
      "dimension \(dimension) of shape \(shape) has no entry to put around it (\(mode.rawValue))")
    let places = (-before..<size + after).compactMap { mode.source(of: $0, size: size) }
    let (outer, inner) = (
      shape[..<dimension].reduce(1, *), shape[(dimension + 1)...].reduce(1, *)
    )
    var padded = shape
    padded[dimension] = places.count
    return reshaped(to: [outer * size, inner])
      .rows((0..<outer).flatMap { block in places.map { block * size + $0 } })
      .reshaped(to: padded)
  }
}
