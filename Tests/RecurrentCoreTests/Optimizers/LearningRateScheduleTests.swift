import Foundation
import Recurrent
import Testing

@Suite struct LearningRateScheduleTests {
  @Test func constantAndSteps() {
    #expect(LearningRateSchedule().factor(after: 17.5) == 1)
    let steps = LearningRateSchedule(.step(epochs: 3, factor: 0.5))
    #expect(
      [0, 2.9, 3, 5, 6, 9.5].map { steps.factor(after: $0) } == [1, 1, 0.5, 0.5, 0.25, 0.125])
  }

  @Test func stepsOfNoEpochsAreRefused() async {
    await #expect(processExitsWith: .failure) {
      _ = LearningRateSchedule(.step(epochs: 0, factor: 0.5))
    }
    await #expect(processExitsWith: .failure) {
      _ = TrainingOptions(schedule: .step(epochs: 0, factor: 0.5))
    }
  }

  @Test func cosine() {
    let plain = LearningRateSchedule(.cosine(epochs: 8))
    for epoch in 0...8 {
      #expect(
        abs(plain.factor(after: Double(epoch)) - (1 + cos(.pi * Double(epoch) / 8)) / 2) < 1e-15)
    }
    #expect(plain.factor(after: 9) == plain.factor(after: 8))

    let warm = LearningRateSchedule(.cosine(epochs: 10, warmUp: 2, floor: 0.1))
    #expect([0, 0.5, 1, 2].map { warm.factor(after: $0) } == [0, 0.25, 0.5, 1])
    #expect(abs(warm.factor(after: 6) - 0.55) < 1e-15)
    #expect(abs(warm.factor(after: 10) - 0.1) < 1e-15)
    #expect(abs(warm.factor(after: 30) - 0.1) < 1e-15)
  }

  /// Numbers of PyTorch 2.15: `CosineAnnealingWarmRestarts(SGD([p], lr=1.0), T_0, T_mult, eta_min)`,
  /// the rate after each `step(epoch)`.
  @Test func restartsAsInPyTorch() {
    let growing = LearningRateSchedule(.restarts(first: 2, growth: 2, floor: 0.1))
    let expected = [
      1.0, 0.86819805153395, 0.55, 0.23180194846605, 1.0, 0.96574578963008, 0.86819805153395,
      0.72220754456429, 0.55, 0.37779245543571, 0.23180194846605, 0.13425421036992, 1.0,
      0.99135337618145,
    ]
    for (half, rate) in expected.enumerated() {
      #expect(abs(growing.factor(after: Double(half) / 2) - rate) < 1e-12)
    }
    let even = LearningRateSchedule(.restarts(first: 2, growth: 1))
    let evenly = [1.0, 0.85355339059327, 0.5, 0.14644660940673]
    for (half, rate) in (evenly + evenly).enumerated() {
      #expect(abs(even.factor(after: Double(half) / 2) - rate) < 1e-12)
    }
    #expect(LearningRateSchedule.Rule.restarts(first: 0).problem != nil)
    #expect(LearningRateSchedule.Rule.restarts(first: 1, growth: 0.5).problem != nil)
  }

  /// Numbers of PyTorch 2.13: `ReduceLROnPlateau(SGD([p], lr=1.0), …)`, the rate after each
  /// `step(loss)`.
  @Test func plateausAsInPyTorch() {
    let losses = [
      1, 0.9, 0.95, 0.9, 0.89999, 0.91, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.49, 0.6, 0.6,
      0.6, 0.6,
    ]
    func rates(_ rule: LearningRateSchedule.Rule) -> [Double] {
      var schedule = LearningRateSchedule(rule)
      return losses.map { loss in
        schedule.epochEnded(loss: loss)
        return schedule.factor(after: 0)
      }
    }
    // factor=.5, patience=2
    #expect(
      rates(.onPlateau(factor: 0.5, patience: 2)) == [
        1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.125, 0.125,
        0.125, 0.0625, 0.0625,
      ])
    // factor=.5, patience=1, cooldown=2
    #expect(
      rates(.onPlateau(factor: 0.5, patience: 1, cooldown: 2)) == [
        1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.125, 0.125, 0.125,
        0.0625, 0.0625, 0.0625,
      ])
    // factor=.1, patience=0, min_lr=.05
    #expect(
      rates(.onPlateau(factor: 0.1, patience: 0, floor: 0.05))
        == [1, 1, 0.1] + [Double](repeating: 0.05, count: 17))
    // factor=.5, patience=1, threshold=.2
    #expect(
      rates(.onPlateau(factor: 0.5, patience: 1, threshold: 0.2)) == [
        1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125, 0.125, 0.0625, 0.0625, 0.03125, 0.03125,
        0.015625, 0.015625, 0.0078125, 0.0078125, 0.00390625, 0.00390625,
      ])
  }

  @Test func aStoredScheduleGoesOn() throws {
    var schedule = LearningRateSchedule(.onPlateau(factor: 0.5, patience: 1))
    for loss in [1, 2, 2, 2.0] { schedule.epochEnded(loss: loss) }
    var stored = try JSONDecoder().decode(
      LearningRateSchedule.self, from: JSONEncoder().encode(schedule))
    #expect(stored == schedule)
    schedule.epochEnded(loss: 2)
    stored.epochEnded(loss: 2)
    #expect(stored == schedule && stored.factor(after: 0) == 0.25)
  }
}
