import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train image-classifier [DATA]`
struct TrainImageClassifier: TrainingCommand {
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
  @OptionGroup var running: TrainingRunOptions

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
    if test != nil, data == nil { throw ValidationError("--test belongs to data of your own.") }
  }

  mutating func run() throws {
    var training = try TrainingRun(to: output, running)
    let (images, testImages) = try read()
    let options = network.options
    let plan = try ImagePlan(images, test: testImages, options: options)
    try training.begin("\(images.source)\n\(plan)")

    let classifier = try plan.train(callbacks: [
      { event, _ in training.show(event, epochs: options.epochs, unit: "images") }
    ])
    let pictures = pictures(classifier)
    let example = (output + "/example.png").shellQuoted
    try training.finish(
      classifier, test: plan.counts.test > 0 ? "\(plan.counts.test) images" : nil,
      seed: options.seed, files: pictures,
      next: pictures.contains { $0.name == "example.png" }
        ? "recurrent predict \(output.shellQuoted) \(example)" : nil)
  }

  private func read() throws(DataError) -> (images: ImageSet, test: ImageSet?) {
    guard let data else { return (BundledData.digits, nil) }
    let (images, ownTest) = try ImageSet.read(data, files.reading)
    guard let test else { return (images, ownTest) }
    let testReading = files.reading(like: images)
    return (images, try ImageSet.read(test, testReading).images)
  }

  private func pictures(_ classifier: ImageClassifier) -> [(name: String, bytes: [UInt8])] {
    guard let images = classifier.testImages, let evaluation = classifier.configuration.evaluation
    else { return [] }
    var pictures: [(name: String, bytes: [UInt8])] = []
    if let sheet = classifier.contactSheet(evaluation, of: images) {
      pictures.append(("mistakes.svg", Array(sheet.svg().utf8)))
    }
    if images.hasPNGScale { pictures.append(("example.png", images.png(0))) }
    return pictures
  }
}
