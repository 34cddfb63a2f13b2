import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentTasks

/// A model folder may come from anywhere.
///
/// Whatever was done to one of its files, reading the model and using it ends in a result or in a
/// `DataError`: never in a trap, in another error, or in memory that a number in a file asks for.
@Suite struct HostileModelsTests {
  /// A job, and how its model is made and used.
  struct Job: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let save: @Sendable (String) throws -> Void
    /// Reads a folder, tells about the model and asks it something.
    let use: @Sendable (String) throws -> Void
  }

  static let jobs = [
    Job(testDescription: "forecaster") { path in
      let options = tinyOptions {
        $0.scaling = .standard
        $0.horizon = 2
        $0.season = 4
        $0.epochs = 1
      }
      try ForecastPlan([wavySeries(50, name: "a", covariates: 1)], options: options).train()
        .save(to: path)
    } use: { path in
      let forecaster = try Forecaster(contentsOf: path)
      _ = forecaster.summary
      for series in forecaster.recent {
        let forecast = try forecaster.forecast(after: series)
        _ = ForecastReport(forecaster, [forecast], model: path).description
        _ = forecast.chart(after: series).svg()
      }
      let more = try wavySeries(30, name: "a", covariates: 1)
      _ = try forecaster.evaluate(on: [more]).description
    },
    Job(testDescription: "text classifier") { path in
      try Grammar.quick { ($0.tokens, $0.partCount) = (.bpe, 40) }.save(to: path)
    } use: { path in
      let classifier = try TextClassifier(contentsOf: path)
      _ = classifier.summary
      _ = classifier.classify(Grammar.oddTexts)
      _ = try classifier.evaluate(on: Grammar.firstColour(6, seed: 2)).description
    },
    Job(testDescription: "sequence tagger") { path in
      try TagGrammar.quick { $0.characters = .lstm }.save(to: path)
    } use: { path in
      let tagger = try SequenceTagger(contentsOf: path)
      _ = tagger.summary
      _ = tagger.entities(in: ["so mr Ada near @x https://a.b it's", "", "🙂"])
      _ = tagger.tags(of: [[], ["so", "mr", "Ada"]])
      _ = try tagger.evaluate(on: TagGrammar.cues(4, seed: 2)).description
    },
    Job(testDescription: "translator") { path in
      try Reversal.quick().save(to: path)
    } use: { path in
      let translator = try Translator(contentsOf: path)
      _ = translator.summary
      _ = try translator.translations(of: ["one two", "", "ж"], keepsAttention: true)
      _ = try translator.evaluate(on: Reversal.pairs(3)).evaluation.description
    },
    Job(testDescription: "text generator") { path in
      try MadeText.quick { ($0.tokens, $0.partCount) = (.bpe, 40) }.save(to: path)
    } use: { path in
      let generator = try TextGenerator(contentsOf: path)
      _ = generator.summary
      _ = try generator.generate(prompt: "The ж", length: 20, sampling: Sampling(topP: 0.9))
      _ = try generator.evaluate(on: [MadeText.file("The cat.")]).description
    },
    Job(testDescription: "composer of steps") { path in
      try HostileModelsTests.composer(.polyphonic).save(to: path)
    } use: {
      try HostileModelsTests.play($0)
    },
    Job(testDescription: "composer of events") { path in
      try HostileModelsTests.composer(.events).save(to: path)
    } use: {
      try HostileModelsTests.play($0)
    },
    Job(testDescription: "image classifier") { path in
      var options = ImageClassifierOptions()
      (options.hiddenSize, options.epochs, options.batchSize) = (4, 1, 8)
      try ImagePlan(HostileModelsTests.images(60), options: options).train().save(to: path)
    } use: { path in
      let classifier = try ImageClassifier(contentsOf: path)
      _ = (classifier.summary, classifier.reading)
      let images = HostileModelsTests.images(4)
      _ = try classifier.classify(images)
      let evaluation = try classifier.evaluate(on: images)
      _ = (evaluation.description, classifier.contactSheet(evaluation, of: images)?.svg())
    },
  ]

  private static func composer(_ kind: ComposerKind) throws -> Composer {
    try ComposerPlan(
      MusicCollection(arpeggios(12), source: "t"), options: tinyComposer(kind) { $0.epochs = 1 }
    ).train()
  }

  private static func play(_ path: String) throws {
    let composer = try Composer(contentsOf: path)
    _ = composer.summary
    var drawing = Composer.Drawing()
    drawing.steps = 6
    let tune = try composer.compose(from: Pitch(60), drawing: drawing)
    _ = composer.next(after: tune)
    _ = try composer.evaluate(on: MusicCollection([tune], source: "t")).description
  }

  /// Pictures of 3 × 2 pixels, bright above or below.
  private static func images(_ count: Int) -> ImageSet {
    var generator = SeededGenerator(seed: 6)
    return ImageSet(
      source: "made", height: 3, width: 2,
      pixels: (0..<count).flatMap { image in
        (0..<6).map { Float(($0 < 3) == (image % 2 == 0) ? 200 : 20) }
          .map { $0 + Float.random(in: -20...20, using: &generator) }
      }, labels: (0..<count).map { $0 % 2 == 0 ? "above" : "below" })
  }

  // MARK: Damage

  /// A saved model and one file of it that is changed again and again.
  private final class Folder {
    let job: Job
    let path: String
    /// Files by name.
    let files: [String: [UInt8]]
    /// Changes, and how many of them the model survived.
    private(set) var (changes, survivors) = (0, 0)

    init(_ job: Job, in folder: String) throws {
      self.job = job
      path = folder + "/model"
      try job.save(path)
      var files: [String: [UInt8]] = [:]
      for name in try FileManager.default.contentsOfDirectory(atPath: path) {
        files[name] = try readFile(path + "/" + name)
      }
      self.files = files
    }

    /// Replaces a file, with a checksum that fits, so that the damage is not noticed by it; and
    /// takes back what was changed before.
    func use(_ name: String, _ bytes: [UInt8], _ change: @autoclosure () -> String) throws {
      var configuration = String(decoding: files["config.json"] ?? [], as: UTF8.self)
      if name != "config.json" {
        let old = checksumText(of: files[name] ?? [])
        #expect(configuration.contains(old))
        configuration = configuration.replacing(old, with: checksumText(of: bytes))
      }
      for (file, old) in files {
        var new = file == name ? bytes : old
        if file == "config.json" {
          new = ModelFolder.sealed(file == name ? bytes : Array(configuration.utf8))
        }
        try Data(new).write(to: URL(fileURLWithPath: path + "/" + file))
      }
      changes += 1
      do {
        try job.use(path)
        survivors += 1
      } catch let error as DataError {
        // A damaged file is named; what a sound one is asked in vain may be called otherwise.
        #expect(!error.problem.isEmpty && !error.file.isEmpty, "\(name): \(change())")
      } catch {
        Issue.record("\(name): \(change()): \(type(of: error)) \(error)")
      }
    }
  }

  /// The model itself works, and so does one whose file is written again as it was.
  private static func withFolder(_ job: Job, _ body: (Folder) throws -> Void) throws {
    try withTemporaryFolder { path in
      let folder = try Folder(job, in: path)
      try job.use(folder.path)
      try body(folder)
      try folder.use("config.json", folder.files["config.json"] ?? [], "nothing")
      try job.use(folder.path)
      // Some damage is harmless and some is not.
      #expect(folder.survivors > 0 && folder.survivors < folder.changes)
    }
  }

  @Test(arguments: jobs) func cutFilesAndFlippedBytes(_ job: Job) throws {
    try Self.withFolder(job) { folder in
      var generator = SeededGenerator(seed: 11)
      for (name, bytes) in folder.files.sorted(by: { $0.key < $1.key }) {
        let ends = [0, 1, 7, 8, bytes.count / 2, bytes.count - 1]
        for end in ends + (0..<6).map({ _ in Int.random(in: 0..<bytes.count, using: &generator) }) {
          try folder.use(name, Array(bytes[..<end]), "cut at \(end)")
        }
        for _ in 0..<(isOptimized ? 16 : 4) {
          var bytes = bytes
          let place = Int.random(in: bytes.indices, using: &generator)
          bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
          try folder.use(name, bytes, "bit of byte \(place) flipped")
        }
      }
    }
  }

  @Test(arguments: jobs) func everyValueOfTheTexts(_ job: Job) throws {
    try Self.withFolder(job) { folder in
      var generator = SeededGenerator(seed: 12)
      for (name, bytes) in folder.files.sorted(by: { $0.key < $1.key })
      where name.hasSuffix(".json") {
        let changes = try JSONDamage(bytes).changes(using: &generator).enumerated()
        for (place, (change, new)) in changes where isOptimized || place % 4 == 0 {
          try folder.use(name, new, "change \(place): \(change)")
        }
      }
    }
  }

  @Test(arguments: jobs) func weightsThatDoNotFit(_ job: Job) throws {
    try Self.withFolder(job) { folder in
      let name = "model.safetensors"
      let bytes = try #require(folder.files[name])
      let length = Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16
      let (header, data) = (Array(bytes[8..<8 + length]), bytes[(8 + length)...])
      func file(_ header: [UInt8], _ data: some Sequence<UInt8>) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header + data
      }
      #expect(file(header, data) == bytes)
      var generator = SeededGenerator(seed: 13)
      let changes = try JSONDamage(header).changes(using: &generator).enumerated()
      for (place, (change, new)) in changes where isOptimized || place % 4 == 0 {
        try folder.use(name, file(new, data), change)
      }
      // Shapes of as many numbers.
      let text = String(decoding: header, as: UTF8.self)
      for range in text.ranges(of: /\[([0-9]+),([0-9]+)\],"data_offsets"/).prefix(6) {
        let sizes = text[range].split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        for shape in [sizes.reversed().map(\.self), [sizes[0] * sizes[1]], sizes + [1]] {
          var changed = text
          changed.replaceSubrange(range, with: "\(shape),\"data_offsets\"")
          try folder.use(name, file(Array(changed.utf8), data), "shape \(shape)")
        }
      }
      // Numbers that are none, and numbers beyond all measure.
      for bits: UInt32 in [0x7FC0_0000, 0x7F80_0000, 0xFF80_0000, 0x7F7F_FFFF, 0xFF7F_FFFF, 1] {
        for count in [1, data.count / 4] {
          var changed = Array(data)
          for _ in 0..<count {
            let place = 4 * Int.random(in: 0..<data.count / 4, using: &generator)
            for byte in 0..<4 { changed[place + byte] = UInt8(bits >> (8 * byte) & 0xFF) }
          }
          try folder.use(name, file(header, changed), "\(count) weights of \(bits)")
        }
      }
    }
  }

  /// What JSON and a float can hold, and no sum of products can.
  @Test(arguments: jobs) func weightsBeyondMeasure(_ job: Job) throws {
    try Self.withFolder(job) { folder in
      let name = "model.safetensors"
      var bytes = try #require(folder.files[name])
      let start = 8 + (Int(bytes[0]) | Int(bytes[1]) << 8 | Int(bytes[2]) << 16)
      let huge = Float(3.4e38).bitPattern
      for place in stride(from: start, to: bytes.count, by: 4) {
        for byte in 0..<4 { bytes[place + byte] = UInt8(huge >> (8 * byte) & 0xFF) }
      }
      try folder.use(name, bytes, "all weights huge")
      let error = try dataError { try job.use(folder.path) }
      #expect(error.file == folder.path + "/" + name)
      #expect(error.place?.hasPrefix("tensor \"") == true)
      #expect(error.problem.hasPrefix("holds numbers beyond 10^18"))
    }
  }

  /// One or two numbers of the texts, in half of the tries of config.json, with those that sums and
  /// products of counts and sizes cannot take.
  @Test(arguments: jobs) func numbers(_ job: Job) throws {
    guard Mutations.isAsked(job.testDescription) else { return }
    try Self.withFolder(job) { folder in
      let texts = try folder.files.filter { $0.key.hasSuffix(".json") }
        .map { (name: $0.key, damage: try JSONDamage($0.value)) }.filter { $0.damage.hasNumbers }
        .sorted { $0.name < $1.name }
      let configuration = try #require(texts.first { $0.name == "config.json" })
      try Mutations.forEach(job.testDescription, count: 40, seconds: 30) { generator in
        let text =
          (Bool.random(using: &generator) ? texts.randomElement(using: &generator) : nil)
          ?? configuration
        let bytes = text.damage.withOtherNumbers(using: &generator)
        try folder.use(text.name, bytes, text.damage.difference(from: bytes))
      }
    }
  }
}
