import Recurrent

/// The temporal order problem (Hochreiter and Schmidhuber 1997, task 6a): an X or a Y somewhere
/// early, an X or a Y in the middle, noise elsewhere; which of XX, XY, YX, YY was it?
///
/// For 100 steps it is theirs: sequences of 100 to 110 steps, the two letters among steps 10 to 20
/// and 50 to 60.
struct TemporalOrder: MemoryTask {
  let shortest: Int

  var name: String { "temporal order, \(shortest) to \(steps) steps" }
  var steps: Int { shortest + shortest / 10 }
  var inputSize: Int { 8 }
  var outputSize: Int { 4 }
  var errorName: String { "share of wrong answers" }
  var baseline: (loss: Double, error: Double) { (1.386294, 0.75) }

  func examples(_ count: Int, using generator: inout RandomGenerator) -> MemoryExamples {
    let (start, end, x) = (4, 5, 6)  // noise is 0 to 3, Y 7
    let tenth = shortest / 10
    var inputs: [[Int]] = []
    var answers: [Int] = []
    for _ in 0..<count {
      let length = Int.random(in: shortest...steps, using: &generator)
      var row = (0..<length).map { _ in Int.random(in: 0..<4, using: &generator) }
      (row[0], row[length - 1]) = (start, end)
      let pair = (0..<2).map { _ in Int.random(in: 0..<2, using: &generator) }
      row[Int.random(in: tenth...2 * tenth, using: &generator)] = x + pair[0]
      row[Int.random(in: 5 * tenth...6 * tenth, using: &generator)] = x + pair[1]
      inputs.append(row)
      answers.append(2 * pair[0] + pair[1])
    }
    return MemoryExamples(
      inputs: oneHot(inputs, width: inputSize), targets: .classes(answers), answersAtEnd: true)
  }
}
