import Foundation
import Recurrent

extension Composer {
  /// How well each of these tunes is foretold, from its second step on.
  func scores(_ tunes: [CodedTune]) -> [TuneScore] {
    let inputs = model.inputs(
      tunes.map { $0[0..<$0.count - 1] }, shifts: tunes.map { _ in 0 }, events: events)
    let outputs = model(inputs)
    if let chords = model.chords { return jointScores(tunes, outputs, chords) }
    let (width, time) = (outputs.features, outputs.time)
    let values = outputs.values.elements
    return tunes.enumerated().map { row, tune in
      var score = TuneScore()
      for step in 1..<tune.count {
        let start = (row * time + step - 1) * width
        let logits = values[start..<start + width]
        switch tune {
        case .polyphonic(let steps, _):
          var nll = 0.0
          var hits = KeyHits()
          for (logit, pitch) in zip(logits, Pitch.piano) {
            let sounds = steps[step].contains(pitch)
            nll += crossEntropy(Double(logit), sounds)
            hits.add(sounds: sounds, guessed: logit > 0)
          }
          score.add(nll: nll, hits: hits)
        case .events(let codes):
          let highest = logits.max() ?? 0
          let sum = logits.reduce(0) { $0 + exp(Double($1 - highest)) }
          let own = logits[start + codes[step]]
          score.add(nll: log(sum) - Double(own - highest), hits: KeyHits(isRight: own == highest))
        }
      }
      return score
    }
  }

  /// The keys are what is compared with others; what is told beside them is summed apart.
  private func jointScores(
    _ tunes: [CodedTune], _ biases: SequenceBatch, _ chords: NADE
  ) -> [TuneScore] {
    let code = model.code
    let pieces = tunes.map { TuneExamples.Piece(tune: $0, transpositions: 0...0) }
    let targets = ChordTargets(pieces, shifts: tunes.map { _ in 0 }, code: code)
    let logits = model.chordLogits(biases, targets, mode: .prediction).elements
    let (x, counted) = (
      targets.values.validSteps.elements, targets.counted.validSteps.elements
    )
    let rows = biases.validSteps.elements
    var row = 0
    return tunes.map { tune in
      var score = TuneScore()
      for _ in 1..<tune.count {
        var (keys, strikes, end) = (0.0, 0.0, 0.0)
        for index in 0..<code.count where counted[row * code.count + index] == 1 {
          let place = row * code.count + index
          let nll = crossEntropy(Double(logits[place]), x[place] == 1)
          switch code.variable(index) {
          case .key: keys += nll
          case .strike: strikes += nll
          case .end: end += nll
          }
        }
        // A guess may not look at the keys above it, as a likelihood does.
        let distribution = StepDistribution(
          outputs: Array(rows[row * chords.biasCount..<(row + 1) * chords.biasCount]),
          chords: chords, code: code)
        var hits = KeyHits()
        for (logit, pitch) in zip(distribution.keyLogits(), Pitch.piano) {
          hits.add(sounds: x[row * code.count + code.index(.key(pitch))] == 1, guessed: logit > 0)
        }
        score.add(nll: keys, hits: hits, strikes: strikes, end: end)
        row += 1
      }
      return score
    }
  }

  /// softplus(x) - t·x
  private func crossEntropy(_ logit: Double, _ isSet: Bool) -> Double {
    max(logit, 0) + log1p(exp(-abs(logit))) - (isSet ? logit : 0)
  }
}
