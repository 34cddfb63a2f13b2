import ArgumentParser
import Recurrent
import RecurrentTasks

/// What a model is for, as its folder says.
enum Job: CaseIterable {
  case forecaster
  case classifier
  case tagger
  case translator
  case generator
  case composer
  case images

  /// The job of the model in a folder.
  ///
  /// - Throws: ``DataError`` if it is no model folder, or one of a job that this program does not
  ///   know.
  init(ofModelIn folder: String) throws(DataError) {
    let task = try ModelFolder.peekTask(folder)
    guard let job = Self.allCases.first(where: { $0.task == task }) else {
      throw DataError(
        file: folder, problem: "holds a model for \"\(task.prefix(40))\", which is not known here",
        advice: "Use the program that wrote it")
    }
    self = job
  }

  private var task: String {
    switch self {
    case .forecaster: Forecaster.task
    case .classifier: TextClassifier.task
    case .tagger: SequenceTagger.task
    case .translator: Translator.task
    case .generator: TextGenerator.task
    case .composer: Composer.task
    case .images: ImageClassifier.task
    }
  }

  /// Those that read texts.
  static let texts: [Job] = [.classifier, .tagger, .translator, .generator]

  private var plural: String {
    switch self {
    case .forecaster: "forecasters"
    case .classifier: "text classifiers"
    case .tagger: "taggers"
    case .translator: "translators"
    case .generator: "text generators"
    case .composer: "composers"
    case .images: "image classifiers"
    }
  }

  /// Throws if a flag is given that only models of other jobs understand.
  func check(_ flags: [JobFlags]) throws(ValidationError) {
    for flags in flags where !flags.jobs.contains(self) {
      guard let flag = flags.given.first else { continue }
      var owners = flags.jobs.map(\.plural)
      let last = owners.popLast() ?? "nobody"
      let named = owners.isEmpty ? last : owners.joined(separator: ", ") + " and \(last)"
      throw ValidationError("\(flag) belongs to \(named); this model is one of the \(plural).")
    }
  }
}

/// Flags that only models of some jobs understand.
struct JobFlags {
  let jobs: [Job]
  /// Those that the user gave.
  let given: [String]

  init(_ jobs: [Job], _ flags: KeyValuePairs<String, Bool>) {
    self.jobs = jobs
    given = flags.filter(\.value).map(\.key)
  }
}

/// Gives `body` the lines of a file, or of standard input as they come, many at once.
func forEachBatch(
  of file: String?, encoding: TextEncoding, _ body: ([String]) throws -> Void
) throws {
  guard let file else {
    var input = LineReader(encoding: encoding)
    while let lines = try input.next() { try body(lines) }
    return
  }
  let lines = try TextFile(file, encoding: encoding).lines
  for start in stride(from: 0, to: lines.count, by: 1024) {
    try body(Array(lines[start..<min(start + 1024, lines.count)]))
  }
}
