import Recurrent

extension Composer {
  /// Whether the network foretells the keys of a step together, and where tunes end.
  public var hasJointChords: Bool { options.hasJointChords }

  /// Steps as they come, and the network's state behind them.
  private struct Course {
    var session: Session<ComposerModel>
    var distribution: StepDistribution
    var steps: [PitchSet]
    var struck: [PitchSet]

    /// Draws a step and takes it.
    mutating func go(
      _ rule: StepRule, in composer: Composer, using generator: inout RandomGenerator
    ) -> DrawnStep {
      let drawn = distribution.draw(after: steps.last ?? [], rule, using: &generator)
      steps.append(drawn.keys)
      struck.append(drawn.struck)
      let read = CodedTune.polyphonic([drawn.keys], struck: [drawn.struck])
      distribution = composer.distribution(session.feed(composer.inputs(read)))
      return drawn
    }
  }

  private func course(after steps: [PitchSet], _ struck: [PitchSet]) -> Course {
    var session = Session(model)
    let outputs = session.feed(inputs(.polyphonic(steps, struck: struck)))
    return Course(
      session: session, distribution: distribution(outputs), steps: steps,
      struck: struck.isEmpty ? steps.map { _ in [] } : struck)
  }

  /// The rule of a step of this drawing.
  private func rule(_ drawing: Drawing, _ distribution: StepDistribution) -> StepRule {
    var rule = StepRule(temperature: drawing.temperature, voices: drawing.voices)
    let scale = drawing.scale
    rule.allows = { scale?.contains($0) ?? true }
    return rule
  }

  /// The rule under which only so many of the likeliest keys may sound.
  private func limited(
    _ rule: StepRule, to count: Int?, _ distribution: StepDistribution
  ) -> StepRule {
    guard let count else { return rule }
    let allowed = zip(Pitch.piano, distribution.keyLogits(rule)).filter { rule.allows($0.0) }
    let likeliest = PitchSet(allowed.sorted { $0.1 > $1.1 }.prefix(count).map(\.0))
    var rule = rule
    rule.allows = { likeliest.contains($0) }
    return rule
  }

  func continued(
    _ given: [PitchSet], _ struck: [PitchSet], name: String, _ drawing: Drawing
  ) -> Tune {
    var course = course(after: given, struck)
    let isFree = drawing.endsPhrase && hasJointChords
    let slack = isFree ? drawing.steps / 4 : 0
    var best = (length: given.count + drawing.steps, probability: -1.0)
    for step in 0..<drawing.steps + slack {
      var generator = RandomGenerator(RandomKey(seed: drawing.seed).child(step))
      let rule = limited(
        rule(drawing, course.distribution), to: drawing.topK, course.distribution)
      let drawn = course.go(rule, in: self, using: &generator)
      if isFree, step + 1 >= drawing.steps - slack, drawn.endProbability > best.probability {
        best = (course.steps.count, drawn.endProbability)
      }
    }
    return Tune(
      name: name, steps: Array(course.steps.prefix(best.length)),
      struck: Array(course.struck.prefix(best.length)))
  }

  /// A tune with voices below it: its highest notes stay as they are, no key above them sounds, and
  /// the keys below are drawn given them. Where it rests, keys up to its last note may sound. A key of
  /// the tune that a voice had before, or takes up behind it, is struck anew.
  ///
  /// Of `drawing` the number of steps has no meaning: the voices end with the tune. The network hears
  /// the first note of the tune for a step before it begins.
  ///
  /// - Throws: ``DataError`` if the model writes events, the tune has no note of the piano, or for a
  ///   drawing that breaks a rule.
  public func harmonize(_ melody: Tune, drawing: Drawing = Drawing()) throws(DataError) -> Tune {
    try check(drawing)
    guard case .polyphonic(let steps, let struck) = coded(melody) else {
      throw DataError(
        file: melody.name, problem: "cannot be harmonized by a model that writes events",
        advice: "Train with --model polyphonic")
    }
    let tops = steps.map { Array($0).last }
    guard let first = tops.compactMap(\.self).first else {
      throw DataError(
        file: melody.name, problem: "holds no note to harmonize",
        advice:
          "Give a tune with notes between \(Pitch(Pitch.piano.lowerBound)) and \(Pitch(Pitch.piano.upperBound))"
      )
    }
    var course = course(after: [[first]], [])
    var (last, before) = (first, Optional(first))
    for (step, top) in tops.enumerated() {
      var generator = RandomGenerator(RandomKey(seed: drawing.seed).child(step))
      var rule = rule(drawing, course.distribution)
      rule.melody = top
      if top != before {
        rule.anew = PitchSet([before, top].compactMap(\.self))
      } else if let top, !struck.isEmpty, struck[step].contains(top) {
        rule.anew = [top]
      }
      (last, before) = (top ?? last, top)
      rule.ceiling = last
      rule = limited(rule, to: drawing.topK, course.distribution)
      let drawn = course.go(rule, in: self, using: &generator)
      // A network of a collection that does not tell repeated notes draws none.
      course.struck[course.struck.count - 1] = PitchSet(
        drawn.keys.filter { drawn.struck.contains($0) || rule.anew.contains($0) })
    }
    return Tune(
      name: melody.name, steps: Array(course.steps.dropFirst()),
      struck: [[]] + course.struck.dropFirst(2))
  }

  private func coded(_ tune: Tune) -> CodedTune {
    CodedTune(tune, kind: options.kind, events: events)
  }
}
