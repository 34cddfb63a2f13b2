import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// Every case that Keras computed: outputs, final states and gradients are ours too.
@Suite struct KerasFixtureTests {
  @Test(arguments: try Fixtures.cases(of: "keras"))
  func matchesKeras(_ reference: FixtureCase) throws {
    var weights = try KerasWeights(safetensors(reference.tensors("weight.")))
    let read = AnyLayer(try reference.kerasLayer(from: &weights))
    try weights.finish()
    let runsBackwards = reference.config["options"]?["go_backwards"]?.bool ?? false
    let problem = DifferentiatedLayer(
      runsBackwards ? AnyLayer(Reversed(read)) : read, input: try reference.tensor("input"))

    let (output, states) = try problem.run(reference)
    expectClose(
      asKeras(reference, output, states), to: try reference.floats("output"),
      within: reference.tolerance, "output")
    let finals = states.enumerated().map { ("state.\($0)", $1) }
    if reference.file.names.contains("state.0") {
      try reference.expect(
        Dictionary(uniqueKeysWithValues: finals), "state.", within: reference.tolerance)
    }

    let cotangent = try reference.tensor("cotangent.output")
    let gradients = try problem.gradients { problem in
      let (output, states) = try problem.run(reference)
      return (asKeras(reference, output, states) * cotangent).sum()
    }
    var back = KerasWeights()
    try back.add((gradients.layer.base as? Reversed<AnyLayer>)?.layer ?? gradients.layer)
    var ours = ["grad.input": gradients.input]
    for (name, tensor) in try back.tensors.tensors() { ours["grad.weight." + name] = tensor }
    try reference.expect(ours, "grad.", within: reference.tolerance)
  }

  /// What Keras returns: outputs come in the order of the layer's steps and repeat over masked ones,
  /// but for a bidirectional layer or with `zero_output_for_mask`.
  private func asKeras(
    _ reference: FixtureCase, _ output: SequenceBatch, _ states: [Tensor]
  ) -> Tensor {
    let (options, time) = (reference.config["options"], output.time)
    let returnsSequences = reference.config["returnSequences"]?.bool ?? true
    if let name = reference.config["merge"]?.string {
      let merge = Merge.allCases.first { $0.kerasName == name } ?? .concatenate
      return returnsSequences ? output.values : merge(states[0], states[states.count / 2])
    }
    var output = output
    if options?["go_backwards"]?.bool == true {
      let steps = (0..<time).reversed()
      output = SequenceBatch(
        .concatenated(steps.map { output.values.slice($0..<$0 + 1, along: 1) }, along: 1),
        mask: (0..<output.batchSize).map { row in
          steps.map(Set(output.validPositions(row: row)).contains)
        })
    }
    let values =
      options?["zero_output_for_mask"]?.bool == true ? output.values : output.heldValues
    return returnsSequences
      ? values : values.slice(time - 1..<time, along: 1).reshaped(to: [output.batchSize, -1])
  }
}
