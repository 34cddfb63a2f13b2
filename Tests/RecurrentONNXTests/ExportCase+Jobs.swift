import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentONNX
@testable import RecurrentTasks

extension ExportCase {
  /// The networks of the jobs.
  static func jobs(
    _ generator: inout SeededGenerator
  ) throws -> [(name: String, test: ExportCase)] {
    var cases: [(name: String, test: ExportCase)] = []
    for (line, steps, series) in [
      (false, ForecastSteps.rows, 1), (true, .rows, 1), (false, .segments, 1), (true, .segments, 3),
    ] {
      cases.append(
        ("forecaster \(line) \(steps) \(series)", try forecast(line, steps, series, &generator)))
    }
    for (steps, loss) in [
      (ForecastSteps.rows, ForecastLoss.mse), (.segments, .mse), (.rows, .quantile),
      (.rows, .normal),
    ] {
      let test = try forecast(true, steps, 1, known: 2, loss: loss, &generator)
      cases.append(("forecaster, told ahead, \(steps) \(loss)", test))
    }
    let tokens = TokenBatch(ExportCase.tokens)
    for pooling in SequencePooling.allCases {
      for naiveBayes in [false, true] {
        var options = TextClassifierOptions()
        (options.hiddenSize, options.embeddingSize, options.pooling) = (4, 3, pooling)
        options.naiveBayes = naiveBayes
        let network = TextClassifierModel(
          vocabularySize: 7, classCount: 3, options: options, using: &generator)
        let evidence = naiveBayes ? SmallGraph.numbers([4, 3]) : nil
        var test = try ExportCase(
          tokens: network, output: network(TextBatch(tokens: tokens, evidence: evidence)))
        if let evidence { test.inputs["evidence"] = OnnxTensor(evidence) }
        cases.append(("classifier \(pooling) \(naiveBayes)", test))
      }
    }
    var text = TextGeneratorOptions()
    (text.hiddenSize, text.embeddingSize) = (4, 3)
    let writer = TextGeneratorModel(vocabularySize: 7, options: text, using: &generator)
    let next = writer(tokens)
    cases.append(
      ("generator", try ExportCase(tokens: writer, output: next.head(next.hidden.values))))
    for model in ImageModelKind.allCases {
      var options = ImageClassifierOptions()
      (options.model, options.hiddenSize) = (model, 4)
      let network = ImageModel(
        ImageShape(height: 3, width: 2, channels: 1, classes: 3), options: options,
        using: &generator)
      let input = SmallGraph.numbers([2, 6])
      cases.append(
        ("images \(model)", try ExportCase(vectors: network, input, output: network(input))))
    }
    for kind in ComposerKind.allCases {
      var options = ComposerOptions()
      (options.hiddenSize, options.kind) = (4, kind)
      let network = ComposerModel(options, using: &generator)
      if let embedding = network.embedding {
        cases.append(
          (
            "composer",
            try ExportCase(
              tokens: network, output: network(embedding(tokens)).values)
          ))
      } else {
        for chords in ChordModel.allCases {
          (options.chords, options.repeats, options.chordUnits) = (chords, chords == .joint, 5)
          cases.append(("composer of \(chords) steps", try composer(options, &generator)))
        }
      }
    }
    cases += try taggers(&generator)
    cases += try pieces(&generator)
    for attention in AttentionDecoder.AttentionKind.allCases {
      cases += try translator(attention, networks: 1, &generator)
    }
    cases += try translator(.additive, networks: 2, &generator)
    return cases
  }

  /// The second piece of sequences, from the state after the first.
  private static func pieces(
    _ generator: inout SeededGenerator
  ) throws -> [(name: String, test: ExportCase)] {
    try CellKind.allCases.map { cell in
      let stack = RecurrentStack(
        cell, inputSize: 3, hiddenSize: 4, layerCount: 2, using: &generator)
      var state = stack.initialState(batchSize: 4)
      let numbers = SequenceBatch(SmallGraph.numbers([4, 7, 3]))
      _ = stack.forward(numbers, state: &state, mode: .prediction)
      var test = try ExportCase(stack, output: .zeros([0]))
      let isLSTM = cell == .lstm || cell == .mogrifier
      let names = (0..<2).flatMap { layer in
        (isLSTM ? ["h", "c"] : ["h"]).map { "layer\(layer).\($0)" }
      }
      for (name, tensor) in zip(names, state.tensors) {
        test.inputs[name] = OnnxTensor(tensor.reshaped(to: [1, 4, 4]))
      }
      test.outputs["output"] =
        stack.forward(Self.sequences, state: &state, mode: .prediction).values
      for (name, tensor) in zip(names, state.tensors) {
        test.outputs[name + ".next"] = tensor.reshaped(to: [1, 4, 4])
      }
      let bytes = try OnnxBuilder.encode(
        stack, input: .sequences(features: 3), name: "pieces", withState: true)
      return (
        "pieces of \(cell)", ExportCase(bytes: bytes, inputs: test.inputs, outputs: test.outputs)
      )
    }
  }

  /// The encoder of a translator, and its decoder's second step.
  private static func translator(
    _ attention: AttentionDecoder.AttentionKind, networks: Int,
    _ generator: inout SeededGenerator
  ) throws -> [(name: String, test: ExportCase)] {
    var options = TranslatorOptions()
    (options.embeddingSize, options.hiddenSize, options.layers) = (3, 4, 2)
    (options.attention, options.joint) = (attention, networks > 1)
    let models = (0..<networks).map { _ in
      TranslatorModel(sourceSize: 7, targetSize: 7, options: options, using: &generator)
    }
    // Rows of no words have no attention.
    let sentences = [[1, 2, 3, 4, 5], [6, 0], [3], [2, 2, 1, 3]]
    let ids = sentences.flatMap { row in (0..<5).map { Int64($0 < row.count ? row[$0] : 0) } }
    let lengths = OnnxTensor(sentences.map { Int64($0.count) }, shape: [4], .int32)
    let rows = TokenBatch(padded: sentences)
    var read = ExportCase(
      bytes: try TranslatorGraphs.encoder(of: models),
      inputs: ["input": OnnxTensor(integers: ids, shape: [4, 5]), "lengths": lengths], outputs: [:])
    var write = ExportCase(
      bytes: try TranslatorGraphs.decoder(of: models),
      inputs: ["input": OnnxTensor(integers: [4, 0, 5, 2], shape: [4]), "lengths": lengths],
      outputs: [:])
    var steps: [(logProbabilities: Tensor, weights: Tensor)] = []
    for (index, model) in models.enumerated() {
      let prefix = networks == 1 ? "" : "network\(index)."
      var (memory, state) = model.read(rows)
      read.outputs[prefix + "memory"] = memory.values.values
      read.outputs[prefix + "keys"] = memory.keys.values
      for (name, tensor) in zip(["hidden", "cell", "feed"], state.tensors) {
        read.outputs[prefix + name] = tensor
      }
      _ = model.step([1, 1, 1, 1], state: &state, over: memory, head: model.preparedHead)
      for (name, value) in [("memory", memory.values), ("keys", memory.keys)] {
        write.inputs[prefix + name] = OnnxTensor(value.values)
      }
      for (name, tensor) in zip(["hidden", "cell", "feed"], state.tensors) {
        write.inputs[prefix + name] = OnnxTensor(tensor)
      }
      steps.append(
        model.step([4, 0, 5, 2], state: &state, over: memory, head: model.preparedHead))
      for (name, tensor) in zip(["hidden", "cell", "feed"], state.tensors) {
        write.outputs[prefix + name + ".next"] = tensor
      }
    }
    write.outputs["log_probabilities"] = TranslatorEnsemble.logMean(steps.map(\.logProbabilities))
    let weights = steps.map(\.weights)
    write.outputs["attention"] =
      weights.dropFirst().reduce(weights[0]) { $0 + $1 } * (1 / Float(networks))
    let name = "translator, \(attention), \(networks)"
    return [(name + ", encoder", read), (name + ", decoder", write)]
  }

  private static func composer(
    _ options: ComposerOptions, _ generator: inout SeededGenerator
  ) throws -> ExportCase {
    var network = ComposerModel(options, using: &generator)
    network.updateParameters { $1 = Tensor(generator.floats($1.count), shape: $1.shape) }
    let steps = (0..<20).map { PitchSet([40 + $0 * 7 % 30, 75 + $0 % 3]) }
    let struck = steps.enumerated().map { $0 % 2 == 0 ? $1 : [] }
    let pieces = (0..<4).map {
      TuneExamples.Piece(
        tune: .polyphonic(
          Array(steps[$0 * 3..<$0 * 3 + 6]), struck: Array(struck[$0 * 3..<$0 * 3 + 6])),
        transpositions: 0...0)
    }
    let events = MusicEvents(stepsPerBeat: 4)
    let input = network.inputs(
      pieces.map { $0.tune[0..<5] }, shifts: [0, 0, 0, 0], events: events)
    let targets = ChordTargets(pieces, shifts: [0, 0, 0, 0], code: network.code)
    let logits = network.chordLogits(network(input), targets, mode: .prediction)
    var test = ExportCase(
      bytes: try OnnxBuilder.encode(network, input: network.onnxInput, name: "case"),
      inputs: [
        "input": OnnxTensor(input.values),
        "lengths": OnnxTensor([5, 5, 5, 5], shape: [4], .int32),
      ], output: logits.reshaped(to: [4, 5, logits.shape[1]]))
    if network.chords != nil { test.inputs["chords"] = OnnxTensor(targets.values.values) }
    return test
  }

  private static func forecast(
    _ line: Bool, _ steps: ForecastSteps, _ series: Int, known: Int = 0,
    loss: ForecastLoss = .mse, _ generator: inout SeededGenerator
  ) throws -> ExportCase {
    var options = ForecasterOptions()
    (options.hiddenSize, options.horizon, options.scaling) = (4, 3, .minmax)
    (options.window, options.line, options.steps) = (5, line, steps)
    if steps == .segments { options.segment = 2 }
    (options.loss, options.seriesVectors) = (loss, series > 1)
    var network = ForecastModel(
      features: 3 - known, known: known, series: series, options: options, using: &generator)
    // What begins as zeros would hide.
    network.updateParameters { $1 = Tensor(generator.floats($1.count), shape: $1.shape) }
    #expect(network.onnxInput == .sequences(features: 3))
    let input = SequenceBatch(ExportCase.sequences.values)
    let batch = ForecastExamples.Batch(
      inputs: input, base: .zeros([4, 3, 1]), targets: .zeros([4, 3, 1]),
      series: series > 1 ? [2, nil, 0, 1] : [nil, nil, nil, nil], outputs: options.outputs,
      ahead: known > 0 ? SmallGraph.numbers([4, 3, 2 * known]) : nil)
    var test = try ExportCase(network, output: network(batch))
    test.inputs["lengths"] = OnnxTensor([5, 5, 5, 5], shape: [4], .int32)
    if let ahead = batch.ahead {
      // Over segments of two rows, those of three rows are four.
      let whole =
        steps == .rows
        ? ahead : Tensor.concatenated([ahead, .zeros([4, 1, 2 * known])], along: 1)
      test.inputs["ahead"] = OnnxTensor(whole)
    }
    if series > 1 { test.inputs["series"] = OnnxTensor(integers: [2, 3, 0, 1], shape: [4]) }
    return test
  }

  private static func taggers(
    _ generator: inout SeededGenerator
  ) throws -> [(name: String, test: ExportCase)] {
    // Seven words with characters, of which one has none.
    let words = WordFeatures(
      ids: Array(0..<7), shapes: [0, 1, 2, 1, 0, 2, 1],
      characters: [[], [1, 2], [3], [4, 1, 2], [2, 2, 2, 1], [1], [3, 4]])
    return try CharacterReader.allCases.map { reader in
      var options = SequenceTaggerOptions()
      (options.hiddenSize, options.embeddingSize, options.characters) = (4, 3, reader)
      (options.characterSize, options.characterEmbeddingSize) = (4, 3)
      options.languageSize = 5
      // What language models and lists know: both, one or none.
      let context =
        reader == .cnn
        ? ContextSize(states: 6, marks: 2) : ContextSize(marks: reader == .none ? 4 : 0)
      let network = SequenceTaggerModel(
        vocabularySize: 7, characterCount: 5, tags: TagSet(["A", "B", "C"], scheme: .plain),
        context: context, options: options, using: &generator)
      let known = SequenceBatch(
        Tensor(
          (0..<20 * context.total).map { _ in Float.random(in: -1...1, using: &generator) },
          shape: [4, 5, context.total]), lengths: ExportCase.lengths)
      var test = try ExportCase(
        tokens: network,
        output: network.emissions(
          network.vectors(of: words), TokenBatch(ExportCase.tokens), contexts: known
        ).values)
      if context.states > 0 {
        test.inputs["language"] = OnnxTensor(known.values.slice(0..<6, along: 2))
      }
      if context.marks > 0 {
        let marks = context.states..<context.total
        test.inputs["lists"] = OnnxTensor(known.values.slice(marks, along: 2))
      }
      let padded = ExportCase.tokens.map { row in (0..<5).map { $0 < row.count ? row[$0] : 0 } }
        .flatMap(\.self)
      if network.shapes != nil {
        test.inputs["shapes"] = OnnxTensor(
          integers: padded.map { Int64(words.shapes[$0]) }, shape: [4, 5])
      }
      if reader != .none {
        test.inputs["characters"] = OnnxTensor(
          integers: padded.flatMap { word in
            (0..<4).map { place in
              Int64(place < words.characters[word].count ? words.characters[word][place] : 0)
            }
          }, shape: [4, 5, 4])
        test.inputs["character_lengths"] = OnnxTensor(
          padded.map { Int64(words.characters[$0].count) }, shape: [4, 5], .int32)
      }
      return ("tagger \(reader)", test)
    }
  }
}
