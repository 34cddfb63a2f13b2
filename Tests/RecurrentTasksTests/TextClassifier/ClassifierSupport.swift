import Foundation
import Recurrent
import TestSupport

@testable import RecurrentTasks

/// Made texts whose best answer is known.
enum Grammar {
  static let fillers = ["the", "and", "of", "two", "so", "it", "is", "much"]

  /// Texts with one "red" and one "blue" among other words, never side by side; the class is the
  /// colour that comes first. Words alone say nothing, nor do pairs of neighbours: order decides,
  /// and whoever keeps it is always right.
  static func firstColour(_ count: Int, seed: UInt64) -> LabeledTexts {
    var generator = SeededGenerator(seed: seed)
    return LabeledTexts(
      (0..<count).map { row in
        var words = (0..<Int.random(in: 4...9, using: &generator)).map { _ in
          fillers.randomElement(using: &generator) ?? "the"
        }
        let first = row % 2 == 0 ? "red" : "blue"
        let place = Int.random(in: 0...words.count - 3, using: &generator)
        words.insert(first, at: place)
        words.insert(
          first == "red" ? "blue" : "red",
          at: Int.random(in: place + 2...words.count - 1, using: &generator))
        return .init(text: words.joined(separator: " "), label: first, line: row + 1)
      }, source: "colours")
  }

  /// Options with which such a text is learned in a second or two.
  static var options: TextClassifierOptions {
    var options = TextClassifierOptions()
    options.embeddingSize = 12
    options.hiddenSize = 10
    options.dropout = 0
    options.tokenDropout = 0
    options.learningRate = 0.02
    options.epochs = 12
    options.patience = 12
    options.minimumCount = 1
    options.testFraction = 0.2
    options.seed = 3
    return options
  }

  /// A classifier after one short epoch.
  static func quick(
    _ change: (inout TextClassifierOptions) -> Void = { _ in }
  ) throws -> TextClassifier {
    var options = options
    options.epochs = 1
    change(&options)
    return try TextClassifierPlan(firstColour(120, seed: 5), options: options).train()
  }

  /// Texts of every kind: empty, unknown, long, odd.
  static let oddTexts = [
    "", "red and blue", "   ", "unbekannte wörter", "blue so much red", "the", "\u{0}\u{301}",
    String(repeating: "it is blue and red ", count: 40), "क्‍ष 👩‍👧", "red",
  ]
}
