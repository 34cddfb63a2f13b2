import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train image-classifier [DATA]`
struct TrainImageClassifier: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "image-classifier",
    abstract: "Train a classifier of images: in one step, row by row or pixel by pixel.",
    discussion: """
      Without data: 1,797 handwritten digits of 8 by 8 pixels that come with the program.
      The report stands on images that training never saw, beside the majority class.

      DATA is a file of images in MNIST's IDX format (its labels beside it), plain or
      packed by gzip; a folder with MNIST's four files; a CSV file with an image a line
      and its class in a column; or a folder with a folder of PNG files for each class.

      Examples:
        recurrent train image-classifier
        recurrent train image-classifier mnist --model mlp --hidden 512 --layers 2
        recurrent train image-classifier mnist --model pixels --cell gru --epochs 5
        recurrent train image-classifier leaves --output leaf-model
        recurrent train image-classifier digits.csv --label last --height 8
      """)

  @Argument(help: ArgumentHelp("A file or folder of images.", valueName: "data"))
  var data: String?

  @Option(
    help: ArgumentHelp(
      "Images for the report. (default: what the data has, or a share of it)", valueName: "data"))
  var test: String?

  @OptionGroup(title: "Files") var files: ImageFileOptions
  @OptionGroup(title: "Network and training") var network: ImageNetworkOptions
  @OptionGroup var threads: ThreadOptions

  @Option(help: ArgumentHelp("How progress is shown on standard error.", valueName: "mode"))
  var progress = ProgressMode.automatic

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The model folder to write, with history.csv, loss.svg, mistakes.svg and example.png.",
      valueName: "folder"))
  var output = "image-classifier"

  func validate() throws {
    if let problem = network.options.problem {
      throw ValidationError(problem.capitalizedFirst + ".")
    }
    if output.isEmpty { throw ValidationError("--output names a folder, not nothing.") }
    if test != nil, data == nil { throw ValidationError("--test belongs to data of your own.") }
  }

  mutating func run() throws {
    threads.apply()
    // Before hours of training, not after.
    try ModelFolder.checkDestination(output)
    let (images, testImages) = try read()
    let options = network.options
    let plan = try ImagePlan(images, test: testImages, options: options)
    print("\(images.source)\n\(plan)\n")
    try flushOutput()

    Interruption.announceStop()
    let steps = (plan.counts.training + options.batchSize - 1) / options.batchSize
    var progress = ProgressBar(
      epochs: options.epochs, stepsPerEpoch: steps, unit: "images", mode: progress)
    let classifier = try plan.train(callbacks: [{ progress.show($0) }])

    let reports = reports(classifier)
    let failure = write(classifier, reports)
    if plan.counts.test > 0 {
      print(
        "\nTest part: \(plan.counts.test) images, weights of epoch "
          + "\(classifier.configuration.bestEpoch), seed \(options.seed)")
    }
    print(classifier.report)
    if let failure { throw failure }
    print("\nWrote \(output): the model, \(reports.map(\.name).joined(separator: ", "))")
    if reports.contains(where: { $0.name == "example.png" }) {
      print(
        "Next: recurrent predict \(output.shellQuoted) \((output + "/example.png").shellQuoted)")
    }
    if case .ranAway(let error) = classifier.stop {
      try flushOutput()
      let epoch = classifier.configuration.bestEpoch
      warn("\(error) The model written has the weights of epoch \(epoch).")
      throw ExitCode(70)
    }
  }

  private func read() throws(DataError) -> (images: ImageSet, test: ImageSet?) {
    guard let data else { return (BundledData.digits, nil) }
    let (images, ownTest) = try ImageSet.read(data, files.reading)
    guard let test else { return (images, ownTest) }
    let testReading = files.reading(like: images)
    return (images, try ImageSet.read(test, testReading).images)
  }

  private func reports(_ classifier: ImageClassifier) -> [(name: String, bytes: [UInt8])] {
    var reports = [
      ("history.csv", Array(classifier.history.csv.utf8)),
      ("loss.svg", Array(classifier.history.chart.svg().utf8)),
    ]
    guard let images = classifier.testImages, let evaluation = classifier.configuration.evaluation
    else { return reports }
    if let sheet = classifier.contactSheet(evaluation, of: images) {
      reports.append(("mistakes.svg", Array(sheet.svg().utf8)))
    }
    if images.hasPNGScale { reports.append(("example.png", images.png(0))) }
    return reports
  }

  private func write(
    _ classifier: ImageClassifier, _ reports: [(name: String, bytes: [UInt8])]
  ) -> DataError? {
    do throws(DataError) {
      try Interruption.deferred { () throws(DataError) in
        try classifier.save(to: output, reports: reports)
      }
      return nil
    } catch {
      return error
    }
  }
}
