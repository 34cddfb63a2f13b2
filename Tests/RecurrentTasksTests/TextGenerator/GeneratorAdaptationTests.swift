import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// Networks that go on learning from what they have been judged on.
@Suite struct GeneratorAdaptationTests {
  /// Of a text of another kind than the training text, the second half is known after the first.
  @Test func learnsAnotherText() throws {
    let generator = try MadeText.quick(MadeText.markov(6_000, seed: 1)) { $0.epochs = 3 }
    let other = try MadeText.file(String(repeating: "abdcad", count: 600))
    var adaptation = TextAdaptation()
    adaptation.rate = 3e-3
    let before = generator.model.parameters.map(\.tensor)
    let evaluation = try generator.evaluate(on: [other], adapting: adaptation)
    let adapted = try #require(evaluation.adapted)
    #expect(adapted.nats < 0.6 * evaluation.nats)
    #expect(evaluation.nats == (try generator.evaluate(on: [other]).nats))
    #expect(
      paired(generator.model.parameters.map(\.tensor), before).allSatisfy { $0.isIdentical(to: $1) }
    )
    #expect(evaluation.description.contains("network, adapting"))
    #expect(evaluation.scores["adaptedNats"] == adapted.nats / 3600)
    // The decay keeps it near what was trained.
    adaptation.decay = 0.9
    let held = try #require(try generator.evaluate(on: [other], adapting: adaptation).adapted)
    #expect(held.nats > adapted.nats && held.nats < evaluation.nats)
  }

  /// Each segment is judged before it is learned: a text of one segment is judged by the network as it
  /// was trained, and the first of two is too.
  @Test func judgesFirst() throws {
    let generator = try MadeText.quick()
    func nats(_ text: Substring, rate: Float) throws -> Double {
      var adaptation = TextAdaptation()
      (adaptation.rate, adaptation.steps) = (rate, 40)
      let file = try MadeText.file(String(text))
      return try #require(generator.evaluate(on: [file], adapting: adaptation).adapted).nats
    }
    let text = MadeText.mixed
    let one = try generator.evaluate(on: [MadeText.file(String(text.prefix(40)))]).nats
    #expect(abs(try nats(text.prefix(40), rate: 1) - one) < 1e-6 * one)
    // With a rate of nearly nothing, the pieces add up to the whole.
    let whole = try generator.evaluate(on: [MadeText.file(String(text.prefix(990)))]).nats
    #expect(abs(try nats(text.prefix(990), rate: 1e-12) - whole) < 1e-5 * whole)
    #expect(abs(try nats(text.prefix(990), rate: 1e-3) - whole) > 1e-3 * whole)
  }

  @Test func refusesNumbers() throws {
    let generator = try MadeText.quick()
    let changes: [(inout TextAdaptation) -> Void] = [
      { $0.rate = 0 }, { $0.rate = .nan }, { $0.decay = 1 }, { $0.decay = -1 }, { $0.steps = 0 },
    ]
    for change in changes {
      var adaptation = TextAdaptation()
      change(&adaptation)
      #expect(throws: DataError.self) {
        try generator.evaluate(on: [MadeText.file("abc")], adapting: adaptation)
      }
    }
  }
}
