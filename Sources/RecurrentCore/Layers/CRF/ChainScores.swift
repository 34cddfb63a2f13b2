import Foundation

/// The scores of a ``LinearChainCRF`` in double precision, -∞ where a constraint forbids, and the
/// sums over all sequences of a row.
struct ChainScores: Sendable {
  let count: Int
  /// From row to column.
  let transitions: [Double]
  let start: [Double]
  let end: [Double]
  /// e^(transitions - shift), where the shift is the largest of them: sums over tags then take
  /// products instead of exponentials.
  private let factors: [Double]
  private let shift: Double

  init(_ field: LinearChainCRF) {
    let (count, constraints) = (field.tagCount, field.constraints)
    func scores(_ tensor: Tensor, _ isAllowed: (Int) -> Bool) -> [Double] {
      tensor.elements.enumerated().map { isAllowed($0) ? Double($1) : -.infinity }
    }
    self.count = count
    transitions = scores(field.transitions) {
      constraints?.transitions[$0 / count][$0 % count] ?? true
    }
    let shift = transitions.max().map { $0.isFinite ? $0 : 0 } ?? 0
    self.shift = shift
    factors = transitions.map { exp($0 - shift) }
    start = scores(field.start) { constraints?.starts[$0] ?? true }
    end = scores(field.end) { constraints?.ends[$0] ?? true }
  }

  /// The forward pass of a row.
  struct Pass: Sendable {
    /// α[t, j], `[n, C]`: log Σ e^score over the sequences of steps 0...t that end with tag j.
    var alpha: [Double] = []
    /// log Σ e^score over all sequences.
    var logTotal = 0.0
    var logLikelihood = 0.0
  }

  /// α_t(j) = emission[t, j] + log Σ_i e^(α_(t-1)(i) + transitions[i, j])
  func forward(_ emissions: Tensor, _ places: [Int], tags: [Int]) -> Pass {
    guard let first = places.first, let firstTag = tags.first, let lastTag = tags.last else {
      return Pass()
    }
    func emission(_ place: Int, _ tag: Int) -> Double {
      Double(emissions[flat: place * count + tag])
    }
    var pass = Pass()
    pass.alpha.reserveCapacity(places.count * count)
    for j in 0..<count { pass.alpha.append(start[j] + emission(first, j)) }
    var score = start[firstTag] + emission(first, firstTag)
    for (t, place) in places.enumerated().dropFirst() {
      let sums = sumsOverPrevious(Array(pass.alpha.suffix(count)))
      for j in 0..<count { pass.alpha.append(sums[j] + emission(place, j)) }
      score += transitions[tags[t - 1] * count + tags[t]] + emission(place, tags[t])
    }
    let last = (places.count - 1) * count
    pass.logTotal = logSumExp(count) { pass.alpha[last + $0] + end[$0] }
    pass.logLikelihood = score + end[lastTag] - pass.logTotal
    return pass
  }

  /// What a row adds to the gradients: what is there less what the model expects, times upstream.
  private struct RowGradient: Sendable {
    var emissions: [Double]
    var transitions: [Double]
  }

  /// The gradients of emissions, transitions, start and end.
  func gradients(
    _ emissions: Tensor, _ places: [[Int]], _ tags: [[Int]], _ passes: [Pass], upstream: [Double]
  ) -> [Tensor?] {
    let rows = forEachRow(of: places) { row in
      backward(emissions, places[row], tags[row], passes[row], upstream[row])
    }
    let dEmissions = Tensor(shape: emissions.shape) { target in
      target.update(repeating: 0, count: emissions.count)
      for (row, gradient) in rows.enumerated() {
        for (t, place) in places[row].enumerated() {
          for j in 0..<count {
            target[place * count + j] = Float(gradient.emissions[t * count + j])
          }
        }
      }
    }
    // In the order of the rows, whichever thread computed them.
    var dTransitions = [Double](repeating: 0, count: count * count)
    var (dStart, dEnd) = (
      [Double](repeating: 0, count: count), [Double](repeating: 0, count: count)
    )
    for gradient in rows where !gradient.emissions.isEmpty {
      for index in dTransitions.indices { dTransitions[index] += gradient.transitions[index] }
      let last = gradient.emissions.count - count
      for j in 0..<count {
        dStart[j] += gradient.emissions[j]
        dEnd[j] += gradient.emissions[last + j]
      }
    }
    return [
      dEmissions, Tensor(dTransitions.map { Float($0) }, shape: [count, count]),
      Tensor(dStart.map { Float($0) }), Tensor(dEnd.map { Float($0) }),
    ]
  }

  /// β_t(i) = log Σ_j e^(transitions[i, j] + emission[t+1, j] + β_(t+1)(j));
  /// p(y_t = j) = e^(α_t(j) + β_t(j) - total), and likewise for pairs.
  private func backward(
    _ emissions: Tensor, _ places: [Int], _ tags: [Int], _ pass: Pass, _ upstream: Double
  ) -> RowGradient {
    var gradient = RowGradient(
      emissions: [Double](repeating: 0, count: places.count * count),
      transitions: [Double](repeating: 0, count: count * count))
    var beta = end
    for t in places.indices.reversed() {
      for j in 0..<count {
        let expected = exp(pass.alpha[t * count + j] + beta[j] - pass.logTotal)
        gradient.emissions[t * count + j] = upstream * ((tags[t] == j ? 1 : 0) - expected)
      }
      guard t > 0 else { break }
      let later = (0..<count).map { Double(emissions[flat: places[t] * count + $0]) + beta[$0] }
      subtractPairs(
        Array(pass.alpha[(t - 1) * count..<t * count]), later, pass.logTotal, upstream,
        from: &gradient.transitions)
      beta = sumsOverNext(later)
      gradient.transitions[tags[t - 1] * count + tags[t]] += upstream
    }
    return gradient
  }

  /// log Σ_i e^(x_i + transitions[i, j]) for each j.
  private func sumsOverPrevious(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? -.infinity
    let powers = x.map { largest == -.infinity ? 0 : exp($0 - largest) }
    var sums = [Double](repeating: 0, count: count)
    for i in 0..<count {
      for j in 0..<count { sums[j] += powers[i] * factors[i * count + j] }
    }
    return sums.enumerated().map { j, sum in
      // Where all that is large is forbidden, what is left may be too small for the products.
      sum > 1e-200
        ? largest + shift + log(sum) : logSumExp(count) { x[$0] + transitions[$0 * count + j] }
    }
  }

  /// log Σ_j e^(transitions[i, j] + x_j) for each i.
  private func sumsOverNext(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? -.infinity
    let powers = x.map { largest == -.infinity ? 0 : exp($0 - largest) }
    return (0..<count).map { i in
      var sum = 0.0
      for j in 0..<count { sum += factors[i * count + j] * powers[j] }
      return sum > 1e-200
        ? largest + shift + log(sum) : logSumExp(count) { x[$0] + transitions[i * count + $0] }
    }
  }

  /// target[i, j] -= scale·p(i, then j), with p = e^(before_i + transitions[i, j] + later_j - total).
  private func subtractPairs(
    _ before: [Double], _ later: [Double], _ total: Double, _ scale: Double,
    from target: inout [Double]
  ) {
    let (a, b) = (before.max() ?? 0, later.max() ?? 0)
    let exponent = a + b + shift - total
    if exponent < 300 {
      let (left, right) = (before.map { exp($0 - a) }, later.map { exp($0 - b) })
      let scale = scale * exp(exponent)
      for i in 0..<count {
        let left = scale * left[i]
        for j in 0..<count { target[i * count + j] -= left * factors[i * count + j] * right[j] }
      }
    } else {  // the largest are forbidden to follow each other, by far
      for i in 0..<count {
        for j in 0..<count {
          target[i * count + j] -=
            scale * exp(before[i] + transitions[i * count + j] + later[j] - total)
        }
      }
    }
  }

  /// The tags of the highest score and that score; of equal ones the lowest tag, from the end.
  func best(_ emissions: Tensor, _ places: [Int]) -> TagPath {
    guard let first = places.first else { return TagPath(tags: [], score: 0) }
    var scores = (0..<count).map { start[$0] + Double(emissions[flat: first * count + $0]) }
    var origins: [Int] = []
    for place in places.dropFirst() {
      let before = scores
      for j in 0..<count {
        let (tag, score) = highest { before[$0] + transitions[$0 * count + j] }
        origins.append(tag)
        scores[j] = score + Double(emissions[flat: place * count + j])
      }
    }
    let (last, score) = highest { scores[$0] + end[$0] }
    var tags = [last]
    for t in places.indices.dropFirst().reversed() {
      tags.append(origins[(t - 1) * count + tags[tags.count - 1]])
    }
    return TagPath(tags: tags.reversed(), score: Float(score))
  }

  private func highest(_ score: (Int) -> Double) -> (tag: Int, score: Double) {
    var best = (tag: 0, score: score(0))
    for tag in 1..<max(1, count) {
      let score = score(tag)
      if score > best.score { best = (tag, score) }
    }
    return best
  }

  /// `body` of each row, on several threads where that pays, in the order of the rows.
  func forEachRow<Result: Sendable>(
    of places: [[Int]], _ body: (_ row: Int) -> Result
  ) -> [Result] {
    let steps = places.reduce(0) { $0 + $1.count }
    return Parallelism.map(places.count, operations: 16 * steps * count * count, body)
  }
}

/// log Σ e^x without overflow; -∞ if all are, NaN if one is.
func logSumExp(_ count: Int, _ x: (Int) -> Double) -> Double {
  var largest = -Double.infinity
  for index in 0..<count { largest = max(largest, x(index)) }
  guard largest > -.infinity else { return (0..<count).reduce(largest) { $0 + x($1) } }
  var sum = 0.0
  for index in 0..<count { sum += exp(x(index) - largest) }
  return largest + log(sum)
}
