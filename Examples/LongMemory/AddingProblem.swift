import Recurrent

/// The adding problem (Hochreiter and Schmidhuber 1997; as Le et al. 2015 have it): of `steps` random
/// numbers in 0..<1 two are marked, one in each half; the answer is their sum.
struct AddingProblem: MemoryTask {
  let steps: Int

  var name: String { "adding problem, \(steps) steps" }
  var inputSize: Int { 2 }
  var outputSize: Int { 1 }
  var errorName: String { "mean squared error" }

  /// Always answering 1: the variance of a sum of two uniform numbers.
  var baseline: (loss: Double, error: Double) { (1.0 / 6, 1.0 / 6) }

  func examples(_ count: Int, using generator: inout RandomGenerator) -> MemoryExamples {
    var values = [Float](repeating: 0, count: count * steps * 2)
    var sums: [Float] = []
    for row in 0..<count {
      for t in 0..<steps { values[(row * steps + t) * 2] = generator.uniform() }
      let marked = [
        Int.random(in: 0..<steps / 2, using: &generator),
        Int.random(in: steps / 2..<steps, using: &generator),
      ].map { (row * steps + $0) * 2 }
      for place in marked { values[place + 1] = 1 }
      sums.append(marked.reduce(0) { $0 + values[$1] })
    }
    return MemoryExamples(
      inputs: SequenceBatch(Tensor(values, shape: [count, steps, 2])),
      targets: .numbers(Tensor(sums, shape: [count, 1])), answersAtEnd: true)
  }
}
