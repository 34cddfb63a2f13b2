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

extension ImageModelKind: ExpressibleByArgument {}
extension ImageReading.LabelColumn: ExpressibleByArgument {}
