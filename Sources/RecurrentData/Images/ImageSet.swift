import RecurrentFiles

/// Images of one size, with or without the classes they belong to.
///
/// ```swift
/// let (images, test) = try ImageSet.read("mnist")      // a folder of IDX files, PNG or a CSV file
/// print(images.count, images.height, images.width, images.classes)
/// ```
public struct ImageSet: Sendable {
  /// The file or folder, as the user named it.
  public let source: String
  /// Rows of an image, H.
  public let height: Int
  /// Columns of an image, W.
  public let width: Int
  /// Numbers of a pixel, C: 1 for grey, 3 for red, green and blue.
  public let channels: Int
  /// `[N, H, W, C]`; 0 to 255 from IDX and PNG files, to 65535 from PNG files with 16 bits a sample,
  /// as they stand from CSV.
  public let pixels: [Float]
  /// The class of each image; empty if it is not known.
  public let labels: [String]
  /// The file of each image, where each has its own; else empty.
  public let files: [String]
  /// How more images like these are read.
  public internal(set) var reading = ImageReading()
  /// How the files were read, where that is not plain: a sentence each, without its full stop.
  public internal(set) var remarks: [String] = []
  /// What is wrong with the files of a folder that were left out.
  public internal(set) var leftOut: [DataError] = []

  /// Images from numbers, `[N, H, W, C]`.
  public init(
    source: String, height: Int, width: Int, channels: Int = 1, pixels: [Float],
    labels: [String] = [], files: [String] = []
  ) {
    require(
      height >= 1 && width >= 1 && channels >= 1,
      "images have sizes of at least 1, not \(height), \(width) and \(channels)")
    let size = height * width * channels
    require(
      pixels.count % size == 0, "\(pixels.count) pixels are not whole images of \(size)")
    let count = pixels.count / size
    require(
      (labels.isEmpty || labels.count == count) && (files.isEmpty || files.count == count),
      "\(count) images need as many labels and files, not \(labels.count) and \(files.count)")
    self.source = source
    self.height = height
    self.width = width
    self.channels = channels
    self.pixels = pixels
    self.labels = labels
    self.files = files
  }

  /// The number of images, N.
  public var count: Int { pixels.count / imageSize }

  /// Numbers of an image: H · W · C.
  public var imageSize: Int { height * width * channels }

  /// The classes that occur: whole numbers by size, else by name.
  public var classes: [String] {
    let found = Set(labels)
    let numbers = found.compactMap { Int($0) }
    guard numbers.count < found.count || Set(numbers).count < found.count else {
      return numbers.sorted().map(String.init)
    }
    return found.sorted { $0.unicodeScalars.lexicographicallyPrecedes($1.unicodeScalars) }
  }

  /// The numbers of image `index`, `[H, W, C]`.
  public func image(_ index: Int) -> ArraySlice<Float> {
    pixels[index * imageSize..<(index + 1) * imageSize]
  }

  /// How messages call image `index`: by its file, or by its number from 0.
  public func name(_ index: Int) -> String { files.isEmpty ? "\(index)" : files[index] }

  /// What the images are: `60,000 images of 28 × 28`.
  public var sizeText: String {
    "\(height) × \(width)" + (channels == 3 ? " in colour" : channels > 1 ? " × \(channels)" : "")
  }
}
