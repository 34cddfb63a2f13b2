import Foundation

/// The programs of the guide's articles. `Guide` runs all of them, `Guide forward-pass` one;
/// `--pictures FOLDER` also writes the charts that the articles show.
@main
struct Guide {
  static let articles: [(name: String, run: @Sendable (Pictures) throws -> Void)] = [
    ("recurrent-networks", recurrentNetworks), ("forward-pass", forwardPass),
    ("backpropagation", backpropagation), ("activations", activations),
    ("four-shapes", fourShapes), ("vanishing-gradients", vanishingGradients),
    ("gates", gates), ("bidirectional", bidirectional), ("streams", streams),
    ("same-bits", sameBits), ("what-goes-wrong", whatGoesWrong), ("forecasts", forecasts),
    ("sentiment", sentiment), ("named-entities", namedEntities), ("translation", translation),
    ("images", images), ("music", music), ("other-frameworks", otherFrameworks),
    ("moving-models", movingModels), ("serving", serving), ("many-machines", manyMachines),
    ("speed", speed), ("file-formats", fileFormats), ("coming-from-darts", comingFromDarts),
  ]

  static func main() throws {
    var words = Array(CommandLine.arguments.dropFirst())
    var folder: String?
    if let flag = words.firstIndex(of: "--pictures"), flag + 1 < words.count {
      folder = words[flag + 1]
      words.removeSubrange(flag...flag + 1)
    }
    let known = articles.map(\.name)
    if let unknown = words.first(where: { !known.contains($0) }) {
      print("There is no article \(unknown); there are \(known.joined(separator: ", ")).")
      exit(64)
    }
    for (name, run) in articles where words.isEmpty || words.contains(name) {
      print("# \(name)")
      try run(Pictures(folder: folder))
    }
  }
}

/// Where charts go, if they are wanted.
struct Pictures {
  let folder: String?

  func write(_ name: String, _ svg: @autoclosure () -> String) throws {
    guard let folder else { return }
    try svg().write(toFile: "\(folder)/\(name).svg", atomically: true, encoding: .utf8)
  }
}

/// A number with that many decimals.
func text(_ value: some BinaryFloatingPoint, _ decimals: Int = 4) -> String {
  String(format: "%.\(decimals)f", Double(value))
}

/// A new folder; who asks for it removes it.
func temporaryFolder() throws -> String {
  let path = FileManager.default.temporaryDirectory.path + "/guide-\(UUID().uuidString)"
  try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  return path
}

/// Numbers side by side.
func text(_ values: [Float], _ decimals: Int = 4) -> String {
  values.map { text($0, decimals) }.joined(separator: "  ")
}
