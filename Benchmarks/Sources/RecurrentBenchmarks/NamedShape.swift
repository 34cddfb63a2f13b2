import ArgumentParser

/// What a case computes on: the sizes that all systems are given.
struct LayerShape: Codable, Hashable {
  /// B.
  let batch: Int
  /// T.
  let time: Int
  /// I.
  let input: Int
  /// H.
  let hidden: Int
  /// Layers, each on the outputs of the one before.
  var layers = 1
  /// 2: a second layer reads from the end, and both outputs stand side by side.
  var directions = 1
  /// The valid steps of each row; nil: all.
  var lengths: [Int]?

  /// The valid steps of all rows.
  var steps: Int { lengths?.reduce(0, +) ?? batch * time }

  /// The same shape with rows of other lengths: from 1 to `longest`, evenly, in a mixed order.
  func ragged(longest: Int) -> LayerShape {
    var shape = self
    // 37 has no factor in common with the batch sizes in use, so every place comes once.
    shape.lengths = (0..<batch).map { row in
      1 + (row * 37 % batch) * (longest - 1) / max(1, batch - 1)
    }
    return shape
  }

  /// The same shape several layers high.
  func stacked(_ layers: Int) -> LayerShape {
    var shape = self
    shape.layers = layers
    return shape
  }

  /// The same shape in both directions.
  var bidirectional: LayerShape {
    var shape = self
    shape.directions = 2
    return shape
  }
}

/// The shapes at which layers are measured.
enum NamedShape: String, CaseIterable, ExpressibleByArgument {
  /// The classic stock recipe's first layer: one feature, 50 units.
  case seed
  case small
  case medium
  case large
  case xl
  /// Few rows, many steps.
  case long
  /// The recipe's three layers.
  case seedStacked = "seed-stacked"
  case mediumStacked = "medium-stacked"
  case smallBidirectional = "small-bidirectional"
  case mediumBidirectional = "medium-bidirectional"
  /// Rows of all lengths from one step to all.
  case smallLengths = "small-lengths"
  case mediumLengths = "medium-lengths"
  /// One row of the recipe.
  case one
  /// One row, one step: what a stream costs.
  case step
  case oneMedium = "one-medium"
  case oneLarge = "one-large"
  /// For a check that everything runs.
  case tiny

  /// The sizes.
  var shape: LayerShape {
    switch self {
    case .seed: LayerShape(batch: 64, time: 100, input: 1, hidden: 50)
    case .small: LayerShape(batch: 32, time: 50, input: 64, hidden: 128)
    case .medium: LayerShape(batch: 64, time: 100, input: 256, hidden: 256)
    case .large: LayerShape(batch: 64, time: 64, input: 512, hidden: 512)
    case .xl: LayerShape(batch: 64, time: 32, input: 1024, hidden: 1024)
    case .long: LayerShape(batch: 8, time: 1000, input: 64, hidden: 128)
    case .seedStacked: Self.seed.shape.stacked(3)
    case .mediumStacked: Self.medium.shape.stacked(2)
    case .smallBidirectional: Self.small.shape.bidirectional
    case .mediumBidirectional: Self.medium.shape.bidirectional
    case .smallLengths: Self.small.shape.ragged(longest: 50)
    case .mediumLengths: Self.medium.shape.ragged(longest: 100)
    case .one: LayerShape(batch: 1, time: 100, input: 1, hidden: 50)
    case .step: LayerShape(batch: 1, time: 1, input: 128, hidden: 128)
    case .oneMedium: LayerShape(batch: 1, time: 50, input: 256, hidden: 256)
    case .oneLarge: LayerShape(batch: 1, time: 100, input: 512, hidden: 512)
    case .tiny: LayerShape(batch: 8, time: 20, input: 16, hidden: 24)
    }
  }

  /// Those that are trained: whole batches.
  static let trained: [NamedShape] = [
    .seed, .small, .medium, .large, .xl, .long, .seedStacked, .mediumStacked, .smallBidirectional,
    .mediumBidirectional, .smallLengths, .mediumLengths,
  ]
  /// Those that are predicted with: single rows as well.
  static let predicted: [NamedShape] = trained + [.one, .step, .oneMedium, .oneLarge]
}
