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

  @Option(
    help: ArgumentHelp(
      "What transparent pixels of PNG files lie on. (default: white)", valueName: "colour"))
  var background: ImageReading.Background?

  @Option(
    help: ArgumentHelp(
      "Scale all images to this size, as in 28x28, whatever their own: bilinear, over areas where "
        + "they shrink. Predictions scale alike.", valueName: "rowsxcolumns"))
  var resize: ImageReading.Size?

  @Flag(
    inversion: .prefixedNo,
    help: ArgumentHelp(
      "Whether rows and columns of IDX files change places. (default: in files named emnist)"))
  var transpose: Bool?

  @Option(
    help: ArgumentHelp(
      "What classes are called: a text file of a class and its name a line, or a name a line in "
        + "the order of numbers.", valueName: "file"), completion: .file())
  var classNames: String?

  func validate() throws {
    if let height, !(1...1_000_000).contains(height) {
      throw ValidationError("--height is between 1 and 1000000, not \(height).")
    }
  }

  /// With what is said here; the rest as the model of `reading` has it.
  func reading(on reading: ImageReading?) -> ImageReading {
    var reading = reading ?? ImageReading()
    reading.label = label
    reading.height = height ?? reading.height
    reading.background = background ?? reading.background
    reading.resize = resize ?? reading.resize
    reading.transposes = transpose ?? reading.transposes
    return reading
  }
}

extension ImageReading.Size: ExpressibleByArgument {
  /// `28x20`: 28 rows of 20 columns.
  public init?(argument: String) {
    let parts = argument.lowercased().split(separator: "x").compactMap { Int($0) }
    guard parts.count == 2, parts.allSatisfy({ (1...4096).contains($0) }) else { return nil }
    self.init(height: parts[0], width: parts[1])
  }
}

extension ImageReading.Background: ExpressibleByArgument {}
extension ImageModelKind: ExpressibleByArgument {}
extension ImageReading.LabelColumn: ExpressibleByArgument {}
