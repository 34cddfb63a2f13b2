import ArgumentParser

/// The sizes at which layers are measured: batch, time, input features, hidden units.
enum NamedShape: String, CaseIterable, ExpressibleByArgument {
  /// The classic stock recipe's first layer: one feature, 50 units.
  case seed
  case small
  case medium
  case large
  case xl
  /// Few rows, many steps.
  case long
  /// One row of the recipe.
  case one
  /// One row, one step: what a stream costs.
  case step
  case oneMedium = "one-medium"
  case oneLarge = "one-large"
  /// For a check that everything runs.
  case tiny

  /// B, T, I, H.
  var sizes: (batch: Int, time: Int, input: Int, hidden: Int) {
    switch self {
    case .seed: (64, 100, 1, 50)
    case .small: (32, 50, 64, 128)
    case .medium: (64, 100, 256, 256)
    case .large: (64, 64, 512, 512)
    case .xl: (64, 32, 1024, 1024)
    case .long: (8, 1000, 64, 128)
    case .one: (1, 100, 1, 50)
    case .step: (1, 1, 128, 128)
    case .oneMedium: (1, 50, 256, 256)
    case .oneLarge: (1, 100, 512, 512)
    case .tiny: (8, 20, 16, 24)
    }
  }

  /// Those that are trained: whole batches.
  static let trained: [NamedShape] = [.seed, .small, .medium, .large, .xl, .long]
  /// Those that are predicted with: single rows as well.
  static let predicted: [NamedShape] = trained + [.one, .step, .oneMedium, .oneLarge]
}
