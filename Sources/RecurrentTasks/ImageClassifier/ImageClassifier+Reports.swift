import Foundation
import Recurrent

extension ImageClassifier {

  /// The mistakes it is surest of, drawn; nil if there are none.
  ///
  /// - Parameter images: those that `evaluation` was made on.
  public func contactSheet(_ evaluation: ImageEvaluation, of images: ImageSet) -> ContactSheet? {
    guard !evaluation.mistakes.isEmpty else { return nil }
    let shown = evaluation.mistakes.prefix(36)
    let wrong = evaluation.confusion.total - evaluation.confusion.correct
    let range = images.range
    // Not all that show SVG keep small pictures sharp when they enlarge them.
    let scale = max(1, 104 / max(images.height, images.width))
    return ContactSheet(
      title: wrong > shown.count
        ? "The \(shown.count) mistakes it is surest of" : "All \(wrong) mistakes, the surest first",
      subtitle:
        "\(NumberFormat.grouped(wrong)) of \(NumberFormat.grouped(evaluation.confusion.total)) "
        + "images of the test part; accuracy \(NumberFormat.fixed(100 * evaluation.accuracy, 2)) %",
      pictures: shown.map { mistake in
        ContactSheet.Picture(
          png: images.png(mistake.index, range: range, scale: scale), height: images.height,
          width: images.width,
          caption: "\(Self.short(mistake.truth)), not \(Self.short(mistake.prediction))",
          remark: "\(NumberFormat.fixed(100 * mistake.probability, 1)) % sure · "
            + Self.end(images.name(mistake.index)))
      })
  }

  private static func short(_ text: String) -> String {
    text.count > 9 ? text.prefix(8) + "…" : text
  }

  /// The last part of a path, and of that its end.
  private static func end(_ name: String) -> String {
    let name = name.split(separator: "/").last.map(String.init) ?? name
    return name.count > 10 ? "…" + name.suffix(9) : name
  }
}

extension ImageSet {
  /// Whether the numbers look like those of PNG files.
  package var hasPNGScale: Bool {
    range == 0...255 && (channels == 1 || channels == 3) && (reading.white ?? 255) == 255
  }

  /// What black and white are when the images are drawn: 0 and 255 where all pixels lie between
  /// and one in the upper half, else the smallest and the largest; of those that are finite.
  var range: ClosedRange<Float> {
    let finite = pixels.lazy.filter(\.isFinite)
    let (low, high) = (finite.min() ?? 0, finite.max() ?? 255)
    return low >= 0 && high <= 255 && high >= 128 ? 0...255 : low...max(low, high)
  }
}

extension Double {
  /// The natural logarithm.
  var logarithm: Double { log(self) }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ImageClassifier {
  public var summaryLines: [String] {
    let options = options
    let layers = options.layers == 1 ? "1 layer" : "\(options.layers) layers"
    let classes = configuration.classes
    let shown = classes.prefix(12).joined(separator: ", ") + (classes.count > 12 ? ", …" : "")
    let shape = configuration.shape
    return [
      "trained on  \(configuration.trainedOn)",
      "images      \(shape.height) × \(shape.width), \(shape.channels) "
        + "\(shape.channels == 1 ? "number" : "numbers") a pixel",
      "classes     \(classes.count): \(shown)",
      "network     \(options.networkText), \(layers) of \(options.hiddenSize) units; kernels: "
        + Kernels.name,
      "training    cross-entropy, Adam \(options.learningRate), seed \(options.seed); "
        + "\(configuration.epochs) epochs, weights of epoch \(configuration.bestEpoch)",
    ]
  }
}
