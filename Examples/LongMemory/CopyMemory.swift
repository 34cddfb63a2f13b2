import Foundation
import Recurrent

/// Copy memory (Hochreiter and Schmidhuber 1997; as Arjovsky et al. 2016, arXiv:1511.06464, have it):
/// ten random letters, `delay` blank steps, the last of them with a mark, then the ten letters are
/// to be given back in their order; before that, blanks.
struct CopyMemory: MemoryTask {
  let delay: Int
  private let letters = 8
  private let remembered = 10

  init(delay: Int) { self.delay = delay }

  var name: String { "copy memory, 10 of 8 letters over \(delay) steps" }
  var steps: Int { delay + 2 * remembered }
  var inputSize: Int { letters + 2 }
  var outputSize: Int { letters + 1 }
  var errorName: String { "share of letters not recalled" }

  /// Blanks, then letters by chance.
  var baseline: (loss: Double, error: Double) {
    (Double(remembered) * log(Double(letters)) / Double(steps), 1 - 1 / Double(letters))
  }

  func examples(_ count: Int, using generator: inout RandomGenerator) -> MemoryExamples {
    let (blank, mark) = (letters, letters + 1)
    var inputs: [[Int]] = []
    var answers: [Int] = []
    var counted: [Int] = []
    for row in 0..<count {
      let word = (0..<remembered).map { _ in Int.random(in: 0..<letters, using: &generator) }
      inputs.append(
        word + Array(repeating: blank, count: delay - 1) + [mark]
          + Array(repeating: blank, count: remembered))
      answers += Array(repeating: blank, count: steps - remembered) + word
      counted += (row + 1) * steps - remembered..<(row + 1) * steps
    }
    return MemoryExamples(
      inputs: oneHot(inputs, width: inputSize), targets: .classes(answers), answersAtEnd: false,
      counted: counted)
  }
}
