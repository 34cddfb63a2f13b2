import Recurrent

extension JobOptions {
  /// The job has no flags of its own for what a diagnosis finds.
  public var diagnosisFlags: DiagnosisFlags { DiagnosisFlags() }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ForecasterOptions {
  public var diagnosisFlags: DiagnosisFlags { DiagnosisFlags(steps: "--window") }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextClassifierOptions {
  public var diagnosisFlags: DiagnosisFlags { DiagnosisFlags(steps: "--maximum-length") }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ComposerOptions {
  public var diagnosisFlags: DiagnosisFlags { DiagnosisFlags(steps: "--window") }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextGeneratorOptions {
  public var diagnosisFlags: DiagnosisFlags {
    DiagnosisFlags(steps: "--steps", clipping: ("--clipping", clipping))
  }
}

extension JobPlan {
  /// What a few training examples show of the network before training; of a plan that goes on from a
  /// trained model, of that. Updates, which only training makes, are left out.
  public func diagnosis() throws(DataError) -> NetworkDiagnosis {
    try checkMemory()
    let (trainer, examples) = (trainer(of: model(), member: 1), trainingExamples)
    return trainer.diagnosis(
      of: trainer.diagnosedExamples(of: examples), in: examples, updating: false)
  }

  /// The loss of a training whose learning rate grows from update to update: the range test, of the
  /// first network. Nothing of the plan changes.
  ///
  /// - Parameters:
  ///   - rates: the first and the last learning rate, both above 0.
  ///   - updates: how many there are, at least 2.
  ///   - stops: asked before each update; true ends the test.
  public func learningRateRange(
    rates: ClosedRange<Double> = 1e-6...1, updates: Int = 100, stops: () -> Bool = { false }
  ) throws(DataError) -> LearningRateRange {
    try checkMemory()
    let (trainer, examples) = (trainer(of: model(), member: 1), trainingExamples)
    func run() -> LearningRateRange {
      trainer.learningRateRange(on: examples, rates: rates, updates: updates, stops: stops)
    }
    return memoryPlan.map { $0.enforced(run) } ?? run()
  }

  /// The callback that diagnoses a run by the same few examples: after its first epoch, after each
  /// epoch before which 200 times as many were learned since, and after its last. Step by step a layer
  /// costs 10 to 17 times as much as fused, so that of small epochs each would double the time.
  func diagnosing(
    _ trainer: Trainer<Trained.Model, Adam, Examples>, on examples: Examples,
    _ body: @escaping (TrainingDiagnosis.Epoch) -> Void
  ) -> TrainingCallback {
    var trainer = trainer
    let indices = trainer.diagnosedExamples(of: examples)
    var (learned, diagnosed): (Int, EpochRecord?) = (0, nil)
    return { event, run in
      switch event {
      case .step(_, _, _, let examples, _):
        learned += examples
        return .proceed
      case .epoch where diagnosed == nil || learned >= 200 * indices.count: break
      case .finished(.allEpochs), .finished(.noImprovement): break
      default: return .proceed
      }
      guard let state = run as? Trainer<Trained.Model, Adam, Examples>.State,
        let record = state.history.epochs.last, record.epoch != diagnosed?.epoch
      else { return .proceed }
      trainer.state = state
      body(
        .init(
          epoch: record.epoch, learningRate: record.learningRate,
          diagnosis: trainer.diagnosis(of: indices, in: examples)))
      (learned, diagnosed) = (0, record)
      return .proceed
    }
  }
}

extension LearningRateRange {
  /// The losses over the rates, with a mark at the suggestion.
  public var chart: LineChart {
    let rates = points.map(\.rate)
    return LineChart(
      title: "Loss while the learning rate grows", x: .number(label: "learning rate", scale: .log),
      yLabel: "loss",
      lines: [
        .init("of a batch", x: rates, y: points.map(\.loss), role: .baseline),
        .init("smoothed", x: rates, y: points.map(\.smoothed), role: .training),
      ],
      markers: suggestion.map { [.init("suggested: \(NumberFormat.short(Float($0)))", x: $0)] }
        ?? [])
  }

  /// What the diagnosis says, and why, in a sentence or two.
  public var reading: String {
    guard let last = points.last, let best else {
      return
        "The first update already made numbers that are not finite: look at the data, or begin "
        + "at a smaller rate."
    }
    func number(_ value: Double) -> String { NumberFormat.short(Float(value)) }
    let end =
      diverged
      ? "It diverged at \(number(last.rate))." : "It did not diverge up to \(number(last.rate))."
    guard let suggestion else {
      return
        "The loss never fell clearly below \(number(start)), where it began, so no rate is suggested: "
        + "more updates may show one. \(end)"
    }
    return "The smoothed loss was least, \(number(best.smoothed)), at \(number(best.rate)). \(end) "
      + "A tenth of that rate is where it still falls fast: --learning-rate \(number(suggestion))"
  }
}
