import Recurrent

// What of each job can be tuned. A new option that can be is a line here.

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ForecasterOptions {
  public static var tunable: [TunableOption<Self>] {
    [
      TunableOption("model", \.stepsOrRows),
      TunableOption("window", \.window) { options in
        let least = max(2, options.season ?? 0, options.window / 4)
        return .whole(least...max(least, options.window) * 2)
      },
      TunableOption(
        "segment",
        { options in
          guard options.steps == .segments, options.window >= 4 else { return nil }
          return .whole(max(1, options.window / 16)...options.window / 2)
        }, value: { $0.segmentRows.map { "\($0)" } ?? "none" },
        set: { options, text in
          options.segment = Int(text)
          return options.segment != nil
        }),
    ] + networkSearch() + [
      TunableOption("transform", \.transformOrNone) { _ in .choices(["none", "auto"]) },
      TunableOption(
        "base", { _ in .choices(["last", "smoothing", "auto"]) },
        value: { $0.base?.rawValue ?? "best" },
        set: { options, text in
          options.base = ForecastBase(rawValue: text)
          return options.base != nil
        }),
      TunableOption(switch: "line", \.hasLineOfItsOwn),
      TunableOption("scaling", \.scaling, isUsual: false),
      TunableOption("loss", \.loss, isUsual: false) { _ in .choices(["mse", "mae", "huber"]) },
    ]
  }

  private var stepsOrRows: ForecastSteps {
    get { steps ?? .rows }
    set { steps = newValue }
  }

  private var transformOrNone: ValueTransform {
    get { transform ?? .none }
    set { transform = newValue == .none ? nil : newValue }
  }

  private var hasLineOfItsOwn: Bool {
    get { hasLine }
    set { line = newValue ? true : nil }
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextClassifierOptions {
  public static var tunable: [TunableOption<Self>] {
    networkSearch() + [
      TunableOption("embedding", \.embeddingSize) { .whole(32...max(64, $0.embeddingSize * 2)) },
      TunableOption("pooling", \.pooling),
      TunableOption("token-dropout", \.tokenDropout) { _ in .numbers(0...0.4) },
      TunableOption("label-smoothing", \.labelSmoothing, isUsual: false) { _ in
        .numbers(0...0.2)
      },
      TunableOption("minimum-count", \.minimumCount, isUsual: false) { _ in .whole(1...5) },
      TunableOption("tokens", \.tokens, isUsual: false),
      TunableOption(switch: "forward-only", \.isBidirectional, on: false, isUsual: false),
      TunableOption(switch: "network-only", \.naiveBayes, on: false, isUsual: false),
    ]
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension SequenceTaggerOptions {
  public static var tunable: [TunableOption<Self>] {
    networkSearch() + [
      TunableOption("embedding", \.embeddingSize) { .whole(32...max(64, $0.embeddingSize * 2)) },
      TunableOption("characters", \.characters),
      TunableOption("word-dropout", \.wordDropout) { _ in .numbers(0...4) },
      TunableOption("minimum-count", \.minimumCount, isUsual: false) { _ in .whole(1...5) },
      TunableOption("character-size", \.characterSize, isUsual: false) { _ in
        .choices(["50", "100", "200"])
      },
      TunableOption(switch: "no-crf", \.usesCRF, on: false, isUsual: false),
      TunableOption(switch: "no-capitals", \.capitals, on: false, isUsual: false),
      TunableOption(switch: "forward-only", \.isBidirectional, on: false, isUsual: false),
    ]
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TranslatorOptions {
  public static var tunable: [TunableOption<Self>] {
    networkSearch() + [
      TunableOption("embedding", \.embeddingSize) { .whole(64...max(128, $0.embeddingSize * 2)) },
      TunableOption("label-smoothing", \.labelSmoothing) { _ in .numbers(0...0.2) },
      TunableOption("attention", \.attention),
      TunableOption("token-dropout", \.tokenDropoutOrNone, isUsual: false) { _ in
        .numbers(0...0.3)
      },
    ]
  }
}

extension TranslatorOptions {
  private var tokenDropoutOrNone: Float {
    get { tokenDropout ?? 0 }
    set { tokenDropout = newValue }
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension TextGeneratorOptions {
  public static var tunable: [TunableOption<Self>] {
    networkSearch(batch: "streams") + [
      TunableOption("embedding", \.embeddingSize) { .whole(16...max(64, $0.embeddingSize * 2)) },
      TunableOption("steps", \.steps) { .whole(max(1, $0.steps / 2)...max(1, $0.steps) * 2) },
      TunableOption("decay", \.decay, isUsual: false),
      TunableOption("drop-connect", \.dropConnectOrNone, isUsual: false) { _ in .numbers(0...0.5) },
      TunableOption("clipping", \.clipping, isUsual: false) { _ in .numbers(0.1...10) },
    ]
  }
}

extension TextGeneratorOptions {
  private var dropConnectOrNone: Float {
    get { dropConnect ?? 0 }
    set { dropConnect = newValue }
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ComposerOptions {
  public static var tunable: [TunableOption<Self>] {
    networkSearch() + [
      TunableOption("drop-connect", \.dropConnectOrNone) { _ in .numbers(0...0.5) }
    ]
  }
}

extension ComposerOptions {
  private var dropConnectOrNone: Float {
    get { dropConnect ?? 0 }
    set { dropConnect = newValue }
  }
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ImageClassifierOptions {
  public static var tunable: [TunableOption<Self>] {
    networkSearch() + [
      TunableOption("model", \.model, isUsual: false) { _ in .choices(["mlp", "rows"]) }
    ]
  }
}
