import ArgumentParser
import Recurrent
import RecurrentTasks

/// How files of images are read, where they leave it open.
struct ImageFileOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The column of a CSV file that is the class. (default: the one named label or class, or what "
        + "is plain from the numbers)", valueName: "column"))
  var label: ImageReading.LabelColumn?

  @Option(
    help: ArgumentHelp(
      "Rows of the images in a CSV file. (default: as many as columns, or one)",
      valueName: "pixels"))
  var height: Int?

  func validate() throws {
    if let height, !(1...1_000_000).contains(height) {
      throw ValidationError("--height is between 1 and 1000000, not \(height).")
    }
  }

  var reading: ImageReading {
    var reading = ImageReading()
    reading.label = label
    reading.height = height
    return reading
  }

  /// For more images of the same size and channels.
  func reading(like images: ImageSet) -> ImageReading {
    var reading = reading
    reading.channels = images.channels
    reading.height = images.height
    reading.width = images.width
    return reading
  }
}

/// What the network of an image classifier is and how it is trained.
struct ImageNetworkOptions: ParsableArguments {
  @Option(help: "All pixels at once, a row a step, or a pixel a step.")
  var model = ImageClassifierOptions().model
  @Option(help: "The recurrent layer of rows and pixels.")
  var cell = ImageClassifierOptions().cell
  @Option(help: ArgumentHelp("Hidden units of a layer.", valueName: "units"))
  var hidden = ImageClassifierOptions().hiddenSize
  @Option(help: ArgumentHelp("Layers before the last one.", valueName: "count"))
  var layers = ImageClassifierOptions().layers
  @Option(help: ArgumentHelp("Dropout between layers and before the last.", valueName: "share"))
  var dropout = ImageClassifierOptions().dropout
  @Option(help: ArgumentHelp("Epochs at most.", valueName: "count"))
  var epochs = ImageClassifierOptions().epochs
  @Option(help: ArgumentHelp("Images in a training step.", valueName: "images"))
  var batch = ImageClassifierOptions().batchSize
  @Option(
    help: ArgumentHelp(
      "Adam's learning rate at the start; it falls along half a cosine.", valueName: "rate"))
  var learningRate = ImageClassifierOptions().learningRate
  @Option(
    help: ArgumentHelp(
      "Epochs without a better validation loss before training stops.", valueName: "epochs"))
  var patience = ImageClassifierOptions().patience
  @Option(
    help: ArgumentHelp(
      "The share of images that only the report sees, where the data has no test part.",
      valueName: "share"))
  var testFraction = ImageClassifierOptions().testFraction
  @Option(
    help: ArgumentHelp(
      "The share of the others that judges each epoch.", valueName: "share"))
  var validationFraction = ImageClassifierOptions().validationFraction
  @Option(help: ArgumentHelp("The start of all random numbers. Same seed, same bits."))
  var seed: UInt64 = 0

  var options: ImageClassifierOptions {
    var options = ImageClassifierOptions()
    options.model = model
    options.cell = cell
    options.hiddenSize = hidden
    options.layers = layers
    options.dropout = dropout
    options.epochs = epochs
    options.batchSize = batch
    options.learningRate = learningRate
    options.patience = patience
    options.testFraction = testFraction
    options.validationFraction = validationFraction
    options.seed = seed
    return options
  }
}

extension ImageModelKind: ExpressibleByArgument {}
extension ImageReading.LabelColumn: ExpressibleByArgument {}
