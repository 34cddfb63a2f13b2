import ArgumentParser
import Recurrent
import RecurrentTasks

/// Where the texts stand and how they are read.
struct TextOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The column of the texts.", valueName: "column"))
  var text = TextColumns().text

  @Option(help: ArgumentHelp("The column of the labels.", valueName: "column"))
  var label = TextColumns().label

  @OptionGroup var reading: EncodingOption

  @Option(
    name: [.long, .customLong("dev")],
    help: ArgumentHelp("Texts that judge each epoch. (default: a share)", valueName: "file"),
    completion: .file())
  var validation: String?

  @Option(
    help: ArgumentHelp("Texts that only the report sees. (default: a share)", valueName: "file"),
    completion: .file())
  var test: String?

  @Option(
    help: ArgumentHelp(
      "Test on one of equal parts instead, as 3/10, for cross-validation.", valueName: "part"))
  var fold: Fold?

  @Option(help: "What a token is.")
  var tokens = TextClassifierOptions().tokens

  @Option(
    name: [.customLong("vocabulary"), .customLong("parts")],
    help: ArgumentHelp("Parts that --tokens bpe learns.", valueName: "count"))
  var parts = TextClassifierOptions().partCount

  @Option(help: ArgumentHelp("The end of longer texts that is read.", valueName: "end"))
  var keep = TextClassifierOptions().keptEnd

  func apply(to options: inout TextClassifierOptions) {
    options.fold = fold
    options.tokens = tokens
    options.partCount = parts
    options.keptEnd = keep
  }
}

/// What else the network of a classifier is and how it is trained.
struct ClassifierNetworkOptions: ParsableArguments {
  @Option(help: "What becomes of the hidden states of all tokens.")
  var pooling = TextClassifierOptions().pooling

  @Flag(help: "No naive Bayes (words and pairs of words) beside the network.")
  var networkOnly = false

  @Option(
    help: ArgumentHelp(
      "The share of tokens that training replaces by the unknown token.", valueName: "share"))
  var tokenDropout = TextClassifierOptions().tokenDropout

  @Option(
    help: ArgumentHelp(
      "How much classes count: none, balanced, or as good=1,bad=3.", valueName: "weights"))
  var classWeights = ClassWeights.none

  func apply(to options: inout TextClassifierOptions) {
    options.pooling = pooling
    options.naiveBayes = !networkOnly
    options.tokenDropout = tokenDropout
    options.classWeights = classWeights
  }
}

extension Fold: ExpressibleByArgument {
  /// A part as `3/10`.
  public init?(argument: String) {
    let numbers = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let number = numbers[0], let count = numbers[1] else { return nil }
    self.init(number, of: count)
  }
}

extension ClassWeights: ExpressibleByArgument {
  /// `none`, `balanced`, or `label=weight` separated by commas.
  public init?(argument: String) {
    switch argument {
    case "none": self = .none
    case "balanced": self = .balanced
    default:
      var weights: [String: Float] = [:]
      for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
        guard let mark = part.lastIndex(of: "="),
          let weight = Float(part[part.index(after: mark)...]), weight > 0, weight.isFinite
        else { return nil }
        weights[String(part[..<mark])] = weight
      }
      self = .given(weights)
    }
  }

  /// `none`, as the flag is written.
  public var defaultValueDescription: String { "none" }
}

extension TextEncoding: ExpressibleByArgument {
  /// An encoding by its name here or in other programs.
  public init?(argument: String) { self.init(named: argument) }
}
extension Tokenizer.Kind: ExpressibleByArgument {}
extension TextNormalization.Form: ExpressibleByArgument {}
extension TextEnd: ExpressibleByArgument {}
extension SequencePooling: ExpressibleByArgument {}
