import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// A command whose work can be stopped and gone on with.
protocol ResumableCommand: ThreadedCommand {
  /// Does the work.
  ///
  /// - Parameters:
  ///   - arguments: those of the command, without the program's name.
  ///   - resumes: whether it goes on with what was stopped.
  mutating func go(arguments: [String], resumes: Bool) throws
}

/// A job as the command knows it: `recurrent train JOB`, and what `predict` and `evaluate` do with its
/// models. A new job is a new type of this protocol in ``Jobs/all``.
protocol JobCommand: ResumableCommand, RankedCommand {
  /// The plan that training follows.
  associatedtype Plan: JobPlan
  typealias Trained = Plan.Trained
  typealias Options = Plan.Trained.Configuration.Options

  /// What models of this job are called together, as in "taggers".
  static var plural: String { get }
  /// The words by which help explains the job's flags.
  static var words: FlagWords { get }
  /// The files that training writes beside the model, history and loss.
  static var reports: [String] { get }

  var running: TrainingRunOptions<Self> { get }
  var course: CourseFlags<Self> { get }
  /// The files and folders that it reads.
  var inputs: [String] { get }
  /// The job's options as the flags say.
  var options: Options { get }
  /// Reads the data and plans.
  ///
  /// - Parameter model: the model to go on from.
  /// - Returns: the plan, and what is printed before it.
  func plan(from model: Trained?) throws -> (plan: Plan, preface: String)
  /// What is written and told after training.
  func closing(_ model: Trained, _ plan: Plan) throws -> TrainingRun.Closing

  /// `recurrent predict` with a model of this job.
  static func predict(_ model: Trained, _ command: Predict) throws
  /// Reads data whose answers are known, as this model reads it.
  static func read(_ request: DataRequest, for model: Trained) throws -> DataRead<Trained.Data>
  /// The model's evaluation on data, with what `recurrent evaluate` may ask for.
  static func evaluate(
    _ model: Trained, on data: Trained.Data, _ command: Evaluate
  ) throws -> Trained.Configuration.Evaluation
}

/// Files with data whose answers are known.
struct DataRequest {
  let files: [String]
  var encoding = TextEncoding.utf8
  /// Of pairs, the translation stands first.
  var isSwapped = false
  /// Of tables of numbers, what is not as in training.
  var table: TableOptions?
  /// How times are to be read; nil: as for training.
  var times: TimeOptions?
}

/// Data of a job, read, and what is to be said of the reading.
struct DataRead<Data> {
  let data: Data
  let source: String
  /// The part of the data that is meant: all, or one by name.
  var part = "all"
  /// A remark on how the data was read.
  var remark: String?
}

/// How the flags that all jobs share are explained for one.
struct FlagWords {
  /// The unit in which the batch of a step is counted.
  var unit = "examples"
  /// The name of the flag for those.
  var batch = "batch"
  var batchHelp: String?
  var cell = "The recurrent layer."
  var hidden = "Hidden units of a layer."
  var layers = "Recurrent layers."
  var dropout = "Dropout between layers."
  var learningRate = "Adam's learning rate."
  var judged = "validation loss"
}

/// The jobs that this program knows.
enum Jobs {
  static let all: [any JobCommand.Type] = [
    TrainForecaster.self, TrainClassifier.self, TrainTagger.self, TrainTranslator.self,
    TrainGenerator.self, TrainComposer.self, TrainImageClassifier.self,
  ]

  /// The commands whose jobs read texts.
  static let texts: [any JobCommand.Type] = [
    TrainClassifier.self, TrainTagger.self, TrainTranslator.self, TrainGenerator.self,
  ]

  /// The job of this name in model folders; nil if it is not known.
  static func named(_ task: String) -> (any JobCommand.Type)? { all.first { $0.task == task } }

  /// The job of the model in a folder.
  ///
  /// - Throws: ``DataError`` if it is no model folder, or one of a job that this program does not
  ///   know.
  static func ofModel(in folder: String) throws(DataError) -> any JobCommand.Type {
    let task = try ModelFolder.peekTask(folder)
    if let job = named(task) { return job }
    throw DataError(
      file: folder, problem: "is a \(task.prefix(40)) model, which this program does not know",
      advice: "Use the program that wrote it")
  }
}

extension JobCommand {
  static var reports: [String] { [] }
  static var task: String { Trained.task }
  static var name: String { configuration.commandName ?? task }
  var threads: ThreadOptions { running.threads }

  func validate() throws { try validateOptions() }

  /// Refuses options that break a rule.
  func validateOptions() throws {
    if let problem = options.problem { throw ValidationError(problem.capitalizedFirst + ".") }
  }

  mutating func run() throws {
    try go(arguments: try OptionReuse.words.get().arguments, resumes: false)
  }

  mutating func go(arguments: [String], resumes: Bool) throws {
    let shards = try Ranks.shards(options.shards, networks: options.networks ?? 1)
    // Goes on with as many, whatever the number of processes then.
    let counted = shards.map { course.shards == nil ? ["--shards", "\($0)"] : [] } ?? []
    let (training, replaced) = try start(
      arguments: arguments + counted, resumes: resumes, writing: running.watching.files)
    do {
      let origin = try running.from.map { path throws(DataError) in try Trained(contentsOf: path) }
      let (read, preface) = try planInFlags(from: origin)
      var plan = read.followingSize(keeping: course.given)
      plan.options.shards = shards
      try plan.checkMemory()
      let from = origin.map {
        "from        \(running.from ?? ""), trained on \($0.configuration.trainedOn)\n"
      }
      try training.begin(
        "\(preface)\n\(from ?? "")\(reusedOptions(resumes: resumes))\(plan)\n\(plan.courseDescription)"
          + (Ranks.description(shards: shards).map { "\n\($0)" } ?? "") + replaced)
      var diagnosis = TrainingDiagnosis()
      let model = try train(
        plan, in: training, checkpoints: training.checkpoints, communicator: Ranks.all,
        diagnosing: running.watching.diagnose && Ranks.isFirst
          ? { diagnosis.epochs.append($0) } : nil)
      var closing = try self.closing(model, plan)
      if running.watching.diagnose, Ranks.isFirst {
        try closing.add(diagnosis, plan.options.diagnosisFlags)
      }
      try training.finish(model, seed: plan.options.seed, closing)
    } catch {
      try training.end(error)
    }
  }

  /// What is said of `--options`, as a line; empty where they were not given.
  func reusedOptions(resumes: Bool) -> String {
    guard !resumes, let reuse = try? OptionReuse.words.get().description else { return "" }
    return "\(reuse)\n"
  }

  /// Takes the output folder before anything is read.
  ///
  /// - Parameter more: files that are written beside those of every training.
  /// - Returns: the run, and what is said of a model that it will replace.
  func start(
    arguments: [String], resumes: Bool, writing more: [String] = []
  ) throws -> (training: TrainingRun, replaced: String) {
    // Each rank looks at the files that it reads: a checkpoint tells if they are others than the first's.
    let record = CommandRecord(
      arguments: arguments, inputs: [running.from].compactMap(\.self) + inputs)
    guard Ranks.isFirst else {
      return (
        TrainingRun(ofOtherRankThan: running.output, answer: running.answer, record: record), ""
      )
    }
    let written = ["history.csv", "loss.svg", CommandRecord.file] + Self.reports + more
    try checkKept(inputs, whenWriting: written.map { running.output + "/" + $0 })
    let former = try FormerModel.check(
      running.output, for: Self.name, force: running.force,
      advice: ", or replace it with --force")
    let training = try TrainingRun(
      to: running.output, progress: running.progress, answer: running.answer, record: record,
      resumes: resumes, restarts: running.restart)
    return (training, former.map { "\nreplaces    \($0), when training is done" } ?? "")
  }

  /// Trains a plan, with its progress shown.
  func train(
    _ plan: Plan, in training: TrainingRun, checkpoints: Checkpoints,
    communicator: (any Communicator)? = nil,
    diagnosing: ((TrainingDiagnosis.Epoch) -> Void)? = nil
  ) throws -> Trained {
    let options = plan.options
    var training = training
    return try plan.train(
      checkpoints: checkpoints, communicator: communicator,
      callbacks: [
        { event, run in
          training.show(
            event, run, epochs: options.epochs, unit: Self.words.unit,
            members: (options.networks ?? 1) * plan.stages,
            called: plan.stages > 1 ? "training" : "network")
        }
      ] + (Ranks.isFirst ? try running.watching.callbacks(options) : []), diagnosing: diagnosing)
  }

  /// The plan; what contradicts a rule is told by the names of flags.
  func planInFlags(from model: Trained?) throws -> (plan: Plan, preface: String) {
    do {
      return try plan(from: model)
    } catch let error as DataError {
      throw Suggestions.inFlags(error, of: Self.self)
    }
  }

  /// Throws if a flag is given that only models of other jobs understand.
  static func check(_ flags: [JobFlags]) throws(ValidationError) {
    for flags in flags where !flags.jobs.contains(where: { $0 == Self.self }) {
      guard let flag = flags.given.first else { continue }
      var owners = flags.jobs.map { $0.plural }
      let last = owners.popLast() ?? "nobody"
      let named = owners.isEmpty ? last : owners.joined(separator: ", ") + " and \(last)"
      throw ValidationError("\(flag) belongs to \(named); this model is one of the \(plural).")
    }
  }

  static func predict(_ command: Predict) throws {
    try predict(try Trained(contentsOf: command.model), command)
  }

  static func evaluate(_ command: Evaluate) throws {
    let model = try Trained(contentsOf: command.model)
    let read = try read(command.request, for: model)
    let evaluation = try evaluate(model, on: read.data, command)
    if command.answer.json {
      var report = ModelReport(model, in: command.model)
      report.set(evaluation)
      report.data = .init(
        source: read.source, part: read.part, size: evaluation.size, remark: read.remark)
      return print(try report.text)
    }
    printText("\(read.source): \(read.part) \(evaluation.size)")
    if let remark = read.remark { printText(remark) }
    printText("\(evaluation)")
  }

  static func evaluate(
    _ model: Trained, on data: Trained.Data, _ command: Evaluate
  ) throws -> Trained.Configuration.Evaluation { try model.evaluate(on: data) }

  static func quantize(_ command: Quantize) throws {
    let model = try Trained(contentsOf: command.model)
    let found = model.models.weightPrecision
    guard found == .float32 else {
      throw DataError(
        file: command.model, problem: "has weights of \(found.rawValue), expected float32",
        advice: "Quantize the model that training wrote")
    }
    if let former = try FormerModel.check(command.output, for: name, force: false) {
      warn("replacing \(former).")
    }
    try ModelFolder.checkDestination(command.output)
    let data =
      command.files.isEmpty
      ? nil : try read(DataRequest(files: command.files), for: model).data
    let rounded = try model.rounded(to: command.precision, evaluatedOn: data)
    try Interruption.deferred { () throws(DataError) in try rounded.save(to: command.output) }
    if command.answer.json {
      return print(try ModelReport(rounded, in: command.output).text)
    }
    if let rounding = rounded.configuration.rounding { printText("\(rounding)") }
    print("\nWrote \(command.output)")
  }

  static func cost(of folder: String, batchSize: Int?, time: Int?) throws(DataError) -> JobCost {
    try Trained(contentsOf: folder).cost(batchSize: batchSize, time: time)
  }

  /// A model folder's summary, without the weights' values, as text or JSON.
  static func summary(of folder: String, json: Bool) throws(DataError) -> String {
    let model = try Trained(contentsOf: folder)
    guard json else { return model.summary }
    var report = ModelReport(model, in: folder)
    let parameters =
      model.options.networks == nil ? model.model.parameters : model.models.parameters
    report.parameters = parameters.map { .init(name: $0.name, shape: $0.tensor.shape) }
    return try report.text
  }
}

/// Flags that only models of some jobs understand.
struct JobFlags {
  let jobs: [any JobCommand.Type]
  /// The flags that the user gave.
  let given: [String]

  init(_ jobs: [any JobCommand.Type], _ flags: KeyValuePairs<String, Bool>) {
    self.jobs = jobs
    given = flags.filter(\.value).map(\.key)
  }
}
