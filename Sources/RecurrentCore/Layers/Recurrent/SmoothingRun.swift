/// Exponential smoothing over whole sequences as one operation, forward and backward.
struct SmoothingRun: Sendable {
  /// y, `[B, T, 1]`.
  let values: Tensor
  /// α and, with a season, γ of each row: `[B, 1]` or `[B, 2]`.
  let rates: Tensor
  /// l before the first step, `[B, 1]`.
  let level: Tensor
  /// s of the first m steps, `[B, m]`; nil without a season.
  let seasons: Tensor?
  /// Where the valid steps of each row stand, in the order in which they run.
  let places: [[Int]]

  private var batch: Int { values.shape[0] }
  private var time: Int { values.shape[1] }
  private var period: Int { seasons?.shape[1] ?? 0 }
  private var width: Int { rates.shape[1] }

  /// l of each step of a row, one behind the other, and s of the same steps and of the next m.
  private struct Path: Sendable {
    /// `[B, T]`.
    var levels: Tensor
    /// `[B, T + m]`.
    var seasons: Tensor
  }

  /// The outputs `[B, T, 1]` or `[B, T, 2]`, the level behind the last step, and the seasons, with their way
  /// back.
  func recorded() -> [Tensor] {
    let inputs = [values, rates, level] + (seasons.map { [$0] } ?? [])
    let plain = SmoothingRun(
      values: values.detached, rates: rates.detached, level: level.detached,
      seasons: seasons?.detached, places: places)
    let (results, path) = plain.forward()
    guard let tape = Tape.following(inputs) else { return results }
    return tape.record(results, inputs: inputs) { plain.backward($0, along: path) }
  }

  private func forEachRow(_ body: (_ row: Int) -> Void) {
    let parts = Parallelism.parts(operations: 16 * batch * time, atMost: batch)
    Parallelism.run(parts: parts) { part in
      Parallelism.range(part, of: parts, count: batch, granularity: 1).forEach(body)
    }
  }

  private func forward() -> (results: [Tensor], path: Path) {
    var path = Path(levels: .zeros([batch, time]), seasons: .zeros([batch, time + period]))
    var (output, last, next) = (
      Tensor.zeros([batch, time, width]), level, Tensor.zeros([batch, period])
    )
    let (time, m, width) = (time, period, width)
    let (y, rates, first) = (values.pointer, rates.pointer, seasons?.pointer)
    let (levels, shape) = (path.levels.mutablePointer(), path.seasons.mutablePointer())
    let (out, end, ahead) = (output.mutablePointer(), last.mutablePointer(), next.mutablePointer())
    forEachRow { row in
      let (alpha, gamma) = (rates[row * width], m > 0 ? rates[row * width + 1] : 0)
      let (l, s) = (levels + row * time, shape + row * (time + m))
      if let first { s.update(from: first + row * m, count: m) }
      for (t, place) in places[row].enumerated() {
        // l_t = l_{t-1} + α·(y_t - s_t - l_{t-1})        s_{t+m} = s_t + γ·(y_t - l_t - s_t)
        let now = m > 0 ? s[t] : 0
        end[row] += alpha * (y[place] - now - end[row])
        l[t] = end[row]
        out[place * width] = l[t]
        guard m > 0 else { continue }
        s[t + m] = now + gamma * (y[place] - l[t] - now)
        out[place * width + 1] = now
      }
      (ahead + row * m).update(from: s + places[row].count, count: m)
    }
    withExtendedLifetime((self, path, output, last, next)) {}
    return ([output, last] + (m > 0 ? [next] : []), path)
  }

  /// The gradients of values, rates, level and seasons.
  private func backward(_ gradients: [Tensor?], along path: Path) -> [Tensor?] {
    var (dValues, dRates) = (Tensor.zeros(values.shape), Tensor.zeros(rates.shape))
    var (dLevel, dSeasons) = (Tensor.zeros([batch, 1]), Tensor.zeros([batch, period]))
    let (time, m, width) = (time, period, width)
    let (y, rates, start) = (values.pointer, rates.pointer, level.pointer)
    let (levels, shape) = (path.levels.pointer, path.seasons.pointer)
    let (dOut, dEnd) = (gradients[0]?.pointer, gradients[1]?.pointer)
    let dAhead = m > 0 ? gradients[2]?.pointer : nil
    let (dy, dRate) = (dValues.mutablePointer(), dRates.mutablePointer())
    let (dStart, dFirst) = (dLevel.mutablePointer(), dSeasons.mutablePointer())
    forEachRow { row in
      let alpha = Double(rates[row * width])
      let gamma = m > 0 ? Double(rates[row * width + 1]) : 0
      let (l, s) = (levels + row * time, shape + row * (time + m))
      let steps = places[row]
      var (dAlpha, dGamma, dl) = (0.0, 0.0, Double(dEnd?[row] ?? 0))
      var ds = [Double](repeating: 0, count: steps.count + m)
      for j in 0..<m { ds[steps.count + j] = Double(dAhead?[row * m + j] ?? 0) }
      for (t, place) in steps.enumerated().reversed() {
        let (value, now) = (Double(y[place]), m > 0 ? Double(s[t]) : 0)
        let before = Double(t > 0 ? l[t - 1] : start[row])
        var dValue = 0.0
        dl += Double(dOut?[place * width] ?? 0)
        if m > 0 {
          // s_{t+m} = s_t + γ·(y_t - l_t - s_t)
          let dNext = ds[t + m]
          dGamma += dNext * (value - Double(l[t]) - now)
          dValue += gamma * dNext
          dl -= gamma * dNext
          ds[t] += (1 - gamma) * dNext + Double(dOut?[place * width + 1] ?? 0) - alpha * dl
        }
        // l_t = l_{t-1} + α·(y_t - s_t - l_{t-1})
        dAlpha += dl * (value - now - before)
        dy[place] = Float(dValue + alpha * dl)
        dl *= 1 - alpha
      }
      dRate[row * width] = Float(dAlpha)
      if m > 0 { dRate[row * width + 1] = Float(dGamma) }
      dStart[row] = Float(dl)
      for j in 0..<m { dFirst[row * m + j] = Float(ds[j]) }
    }
    withExtendedLifetime((self, path, gradients, dValues, dRates, dLevel, dSeasons)) {}
    return [dValues, dRates, dLevel] + (m > 0 ? [dSeasons] : [])
  }
}
