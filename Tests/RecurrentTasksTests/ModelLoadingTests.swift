import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// The model folders of all jobs: the network is built for its shapes alone, and the file gives the
/// rest.
@Suite struct ModelLoadingTests {
  /// A trained model of each job, saved; and how it is read, which gives the parameters.
  private struct Job: Sendable, CustomTestStringConvertible {
    let name: String
    let save: @Sendable (String) throws -> [(name: String, tensor: Tensor)]
    let read: @Sendable (String) throws -> [(name: String, tensor: Tensor)]

    var testDescription: String { name }
  }

  private static let jobs: [Job] = [
    Job(
      name: Forecaster.task,
      save: {
        let model = try ForecastPlan([wavySeries(60)], options: tinyOptions { $0.epochs = 1 })
          .train()
        try model.save(to: $0)
        return model.model.parameters
      }, read: { try Forecaster(contentsOf: $0).model.parameters }),
    Job(
      name: TextClassifier.task,
      save: {
        let model = try Grammar.quick { ($0.members, $0.pooling) = (2, .attention) }
        try model.save(to: $0)
        return model.models.parameters
      }, read: { try TextClassifier(contentsOf: $0).models.parameters }),
    Job(
      name: SequenceTagger.task,
      save: {
        let model = try TagGrammar.quick { ($0.members, $0.characters) = (2, .lstm) }
        try model.save(to: $0)
        return model.models.parameters
      }, read: { try SequenceTagger(contentsOf: $0).models.parameters }),
    Job(
      name: Translator.task,
      save: {
        let model = try Reversal.quick { $0.epochs = 1 }
        try model.save(to: $0)
        return model.model.parameters
      }, read: { try Translator(contentsOf: $0).model.parameters }),
    Job(
      name: TextGenerator.task,
      save: {
        let model = try MadeText.quick { $0.epochs = 1 }
        try model.save(to: $0)
        return model.model.parameters
      }, read: { try TextGenerator(contentsOf: $0).model.parameters }),
    Job(
      name: Composer.task,
      save: {
        let model = try ComposerPlan(
          MusicCollection(arpeggios(12), source: "t"),
          options: tinyComposer(.events) { $0.epochs = 1 }
        ).train()
        try model.save(to: $0)
        return model.model.parameters
      }, read: { try Composer(contentsOf: $0).model.parameters }),
    Job(
      name: ImageClassifier.task,
      save: {
        var options = ImageClassifierOptions()
        (options.model, options.hiddenSize, options.epochs) = (.rows, 5, 1)
        let pixels = (0..<60 * 12).map { Float($0 % 7) }
        let images = ImageSet(
          source: "images", height: 4, width: 3, channels: 1, pixels: pixels,
          labels: (0..<60).map { $0 % 2 == 0 ? "even" : "odd" })
        let model = try ImagePlan(images, options: options).train()
        try model.save(to: $0)
        return model.model.parameters
      }, read: { try ImageClassifier(contentsOf: $0).model.parameters }),
  ]

  @Test(arguments: jobs) private func everyWeightComesFromTheFile(_ job: Job) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      let saved = try job.save(path)
      let read = try job.read(path)
      #expect(read.map(\.name) == saved.map(\.name))
      for (read, saved) in zip(read, saved) {
        #expect(read.tensor.isIdentical(to: saved.tensor), "\(saved.name)")
      }
    }
  }

  /// Sizes that no machine holds, or that are none: refused before anything of that size is made.
  @Test(arguments: jobs) private func sizesThatDoNotFit(_ job: Job) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/model"
      _ = try job.save(path)
      let file = URL(fileURLWithPath: path + "/config.json")
      let text = try String(contentsOf: file, encoding: .utf8)
      var changed = 0
      for member in ["hiddenSize", "embeddingSize", "layers", "members", "characterSize"] {
        let pattern = try Regex("\"\(member)\" : [0-9]+")
        guard text.contains(pattern) else { continue }
        for value in [-1, 0, 3, 100, 99_999, 1_000_000, 1 << 40, .max] {
          let damaged = text.replacing(pattern, with: "\"\(member)\" : \(value)")
          guard damaged != text else { continue }
          try Data(ModelFolder.sealed(Array(damaged.utf8))).write(to: file)
          #expect(throws: DataError.self, "\(member) \(value)") { try job.read(path) }
          changed += 1
        }
      }
      #expect(changed >= 14)
    }
  }
}

/// A network built for its shapes alone is the one that is made, and takes a file of it.
func expectSameShapes<M: Module>(
  _ made: M, _ built: M, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  #expect(
    built.parameters.allSatisfy { !$0.tensor.hasElements }, sourceLocation: sourceLocation)
  #expect(built.parameterCount == made.parameterCount, sourceLocation: sourceLocation)
  var loaded = built
  try loaded.load(
    from: SafetensorsFile(bytes: SafetensorsFile.encode(made.storedTensors), source: "file"))
  for (loaded, made) in zip(loaded.parameters, made.parameters) {
    #expect(
      loaded.name == made.name && loaded.tensor.isIdentical(to: made.tensor), "\(made.name)",
      sourceLocation: sourceLocation)
  }
}
