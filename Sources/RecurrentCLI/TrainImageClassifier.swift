import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

/// `recurrent train image-classifier [DATA]`
struct TrainImageClassifier: JobCommand {
  static let configuration = CommandConfiguration(
    commandName: "image-classifier",
    abstract: "Train a classifier of images: in one step, row by row or pixel by pixel.",
    discussion: flowing(
      """
      Without data: 1,797 handwritten digits of 8 by 8 pixels that come with the program.
      The report stands on images that training never saw, beside the majority class.

      DATA is a file of images in MNIST's IDX format (its labels beside it), plain or
      packed by gzip; a folder with MNIST's four files; a CSV file with an image a line
      and its class in a column; or a folder with a folder of PNG files for each class.
      EMNIST's images, which lie on their side, are turned. Pictures of 16 bits keep
      them; those that are no PNG are refused with the command that converts them.

      Examples:
        recurrent train image-classifier
        recurrent train image-classifier mnist --model mlp --hidden 512 --layers 2
        recurrent train image-classifier mnist --model pixels --cell gru --epochs 5
        recurrent train image-classifier mnist --augment --epochs 30
        recurrent train image-classifier leaves --resize 32x32 --output leaf-model
        recurrent train image-classifier emnist-letters-train-images-idx3-ubyte.gz \\
          --test emnist-letters-test-images-idx3-ubyte.gz \\
          --class-names emnist-letters-mapping.txt
        recurrent train image-classifier digits.csv --label last --height 8
      """))

  @Argument(
    help: ArgumentHelp("A file or folder of images.", valueName: "data"), completion: .file())
  var data: String?

  @Option(
    name: [.long, .customLong("dev")],
    help: ArgumentHelp("Images that judge each epoch. (default: a share)", valueName: "data"),
    completion: .file())
  var validation: String?

  @Option(
    help: ArgumentHelp(
      "Images for the report. (default: what the data has, or a share of it)", valueName: "data"),
    completion: .file())
  var test: String?

  @OptionGroup(title: "Files") var files: ImageFileOptions
  @OptionGroup(title: "Files") var split: SplitFlags<Self>

  @Option(help: "All pixels at once, a row a step, or a pixel a step.")
  var model = ImageClassifierOptions().model

  @Flag(
    help: ArgumentHelp(
      "Move, turn and scale each image of the training part a little, anew at each step. Not for images in which place or direction tells classes apart."
    ))
  var augment = false

  @Option(
    help: ArgumentHelp(
      "With --augment: by up to this share of height and width. (default: \(ImageAugmentation().shift))",
      valueName: "share"))
  var shift: Float?

  @Option(
    help: ArgumentHelp(
      "With --augment: by up to so many degrees. (default: \(ImageAugmentation().turn))",
      valueName: "degrees"))
  var turn: Float?

  @Option(
    help: ArgumentHelp(
      "With --augment: larger or smaller by up to this share. (default: \(ImageAugmentation().zoom))",
      valueName: "share"))
  var zoom: Float?

  @OptionGroup(title: "Network and training") var network: NetworkFlags<Self>
  @OptionGroup(title: "Network and training") var course: CourseFlags<Self>
  @OptionGroup var running: TrainingRunOptions<Self>

  var inputs: [String] {
    let images = [data, validation, test].compactMap(\.self)
    return images + images.compactMap(ImageSet.labelFile) + [files.classNames].compactMap(\.self)
  }

  static let plural = "image classifiers"
  static let words = FlagWords(
    unit: "images", cell: "The recurrent layer of rows and pixels.",
    layers: "Layers before the last one.",
    dropout: "Dropout between layers and before the last.",
    learningRate: "Adam's learning rate at the start; it falls along half a cosine.")
  static let reports = ["mistakes.svg", "example.png"]

  func validate() throws {
    try validateOptions()
    if !augment, shift != nil || turn != nil || zoom != nil {
      throw ValidationError("--shift, --turn and --zoom belong to --augment.")
    }
    if validation != nil || test != nil, data == nil {
      throw ValidationError(
        "\(test != nil ? "--test" : "--validation") belongs to data of your own.")
    }
    if files.classNames != nil, data == nil {
      throw ValidationError("--class-names belongs to data of your own.")
    }
  }

  var options: ImageClassifierOptions {
    var options = ImageClassifierOptions()
    options.model = model
    if augment {
      var augmentation = ImageAugmentation()
      augmentation.shift = shift ?? augmentation.shift
      augmentation.turn = turn ?? augmentation.turn
      augmentation.zoom = zoom ?? augmentation.zoom
      options.augmentation = augmentation
    }
    split.apply(to: &options)
    network.apply(to: &options)
    course.apply(to: &options)
    return options
  }

  func plan(from model: ImageClassifier?) throws -> (plan: ImagePlan, preface: String) {
    let (images, own) = try read(like: model)
    return (
      try ImagePlan(
        images, validation: own.validation, test: own.test, options: options, from: model),
      images.source
    )
  }

  func closing(_ classifier: ImageClassifier, _ plan: ImagePlan) -> TrainingRun.Closing {
    let pictures = pictures(classifier, plan.test)
    let example = (running.output + "/example.png").shellQuoted
    return TrainingRun.Closing(
      files: pictures,
      next: pictures.contains { $0.name == "example.png" }
        ? "recurrent predict \(running.output.shellQuoted) \(example)" : nil)
  }

  private func read(
    like model: ImageClassifier?
  ) throws(DataError) -> (images: ImageSet, own: (validation: ImageSet?, test: ImageSet?)) {
    guard let data else { return (BundledData.digits, (nil, nil)) }
    let reading = files.reading(on: model?.reading)
    var (images, ownTest) = try ImageSet.read(data, reading)
    if let file = files.classNames {
      let names = try ImageReading.classNames(file, of: images.classes)
      (images, ownTest) = (images.named(names), ownTest?.named(names))
    }
    var alike = images.reading
    alike.label = files.label
    func part(_ path: String?) throws(DataError) -> ImageSet? {
      try path.map { path throws(DataError) in try ImageSet.read(path, alike).images }
    }
    return (images, (try part(validation), try part(test) ?? ownTest))
  }

  private func pictures(
    _ classifier: ImageClassifier, _ images: ImageSet?
  ) -> [(name: String, bytes: [UInt8])] {
    guard let images, let evaluation = classifier.configuration.evaluation
    else { return [] }
    var pictures: [(name: String, bytes: [UInt8])] = []
    if let sheet = classifier.contactSheet(evaluation, of: images) {
      pictures.append(("mistakes.svg", Array(sheet.svg().utf8)))
    }
    if images.hasPNGScale { pictures.append(("example.png", images.png(0))) }
    return pictures
  }
}
