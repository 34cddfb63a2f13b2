import Foundation
import Recurrent
import TestSupport

@testable import RecurrentTasks

/// Texts whose best forecast is known.
enum MadeText {
  /// The chances of the next character after each of a, b, c and d.
  static let chances: [[Double]] = [
    [0.70, 0.20, 0.05, 0.05], [0.05, 0.05, 0.60, 0.30], [0.10, 0.70, 0.10, 0.10],
    [0.85, 0.05, 0.05, 0.05],
  ]

  /// A text in which each character depends on the one two before it: pairs of neighbours alone
  /// do not tell all. With the mean of -log p that its source gives it from the third on.
  static func markov(_ count: Int, seed: UInt64) -> String {
    var generator = SeededGenerator(seed: seed)
    var codes = [0, 1]
    while codes.count < count {
      var rest = Double.random(in: 0..<1, using: &generator)
      let row = chances[codes[codes.count - 2]]
      codes.append(
        row.firstIndex {
          rest -= $0
          return rest < 0
        } ?? 3)
    }
    return String(codes.map { Array("abcd")[$0] })
  }

  /// The mean of -log p that the source gives a text from its third character on.
  static func entropy(of text: some StringProtocol) -> Double {
    let codes = text.compactMap { "abcd".firstIndex(of: $0)?.utf16Offset(in: "abcd") }
    let sum = zip(codes, codes.dropFirst(2)).reduce(0) { $0 - log(chances[$1.0][$1.1]) }
    return sum / Double(codes.count - 2)
  }

  /// Words, marks, letters of other scripts, a face of several scalars.
  static let mixed = String(
    repeating: "The fine cat sat, and the cat was fine.\nÉtait-ce là? कि कि 👩‍👧 ok\r\n", count: 30)

  static func file(_ text: String, _ name: String = "made.txt") throws -> TextFile {
    try TextFile(bytes: Array(text.utf8), source: name)
  }

  /// Options with which such texts are learned in a second or two.
  static var options: TextGeneratorOptions {
    var options = TextGeneratorOptions()
    options.hiddenSize = 16
    options.layers = 1
    options.embeddingSize = 6
    options.dropout = 0
    options.streams = 8
    options.steps = 20
    options.learningRate = 0.01
    options.epochs = 1
    options.seed = 3
    return options
  }

  /// A generator after one short epoch.
  static func quick(
    _ text: String = mixed, _ change: (inout TextGeneratorOptions) -> Void = { _ in }
  ) throws -> TextGenerator {
    var options = options
    change(&options)
    return try TextGeneratorPlan([file(text)], options: options).train()
  }
}

extension TextPart {
  /// All of a text that lies in no file.
  init(_ text: String) throws {
    self = try LongText([MadeText.file(text)]).part(0..<text.count)
  }
}
