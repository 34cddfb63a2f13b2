import Recurrent

extension ImagePlan: CustomStringConvertible {
  /// Images, parts and network, a line each.
  public var description: String {
    let options = options
    let layers = options.layers == 1 ? "1 layer" : "\(options.layers) layers"
    let counts = counts
    func number(_ value: Int) -> String { NumberFormat.grouped(value) }
    let shown = classes.prefix(12).joined(separator: ", ") + (classes.count > 12 ? ", …" : "")
    func origin(_ images: ImageSet?) -> String { images.map { " (\($0.source))" } ?? "" }
    let scales = zip(scale.means, scale.deviations).map {
      "mean \(NumberFormat.significant(Double($0))), deviation \(NumberFormat.significant(Double($1)))"
    }
    func remarks(_ images: ImageSet?) -> [String] {
      images.map { $0.remarks + [$0.leftOutText].compactMap(\.self) } ?? []
    }
    let own = remarks(images)
    let all =
      own
      + remarks(validationImages).filter { !own.contains($0) }.map {
        "of the validation part: \($0)"
      }
      + remarks(testImages).filter { !own.contains($0) }.map { "of the test part: \($0)" }
      + [unknownTest].compactMap { $0.map { "\($0)" } }
    return """
      images      \(number(images.count)) of \(images.sizeText)\(all.map { "\n            \($0)" }.joined())
      classes     \(number(classes.count)): \(shown)
      parts       \(number(counts.training)) training, \
      \(number(counts.validation)) validation\(origin(validationImages)), \
      \(number(counts.test)) test\(origin(testImages))
      scaling     \(scales.joined(separator: "; ")), of the training part\
      \(options.augmentation.map { "\n            \($0.text)" } ?? "")
      network     \(options.networkText), \(layers) of \(options.hiddenSize) units, \
      \(number(parameterCount)) weights; kernels: \(Kernels.name)
      """
  }
}

extension ImageAugmentation {
  /// What is done to an image, in words.
  fileprivate var text: String {
    func percent(_ share: Float) -> String { NumberFormat.significant(Double(100 * share)) + " %" }
    return
      "each image of the training part is moved by up to \(percent(shift)) of its size, turned by up to "
      + "\(NumberFormat.significant(Double(turn)))°, scaled by up to \(percent(zoom)), anew at each step"
  }
}

extension ImageClassifierOptions {
  /// The network in words.
  var networkText: String {
    switch model {
    case .mlp: "dense layers over all pixels"
    case .rows: "\(cell.rawValue.uppercased()) over rows"
    case .pixels: "\(cell.rawValue.uppercased()) over single pixels"
    }
  }
}
