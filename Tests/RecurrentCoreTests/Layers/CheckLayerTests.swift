import Recurrent
import Synchronization
import TestSupport
import Testing

/// ``checkLayer`` notices every kind of wrong layer.
@Suite struct CheckLayerTests {
  /// A layer from `[B, T, 2]` to `[B, T, 2]` that scales, with one thing wrong.
  struct WrongLayer: Layer {
    enum Mistake: String, CaseIterable {
      case forgetsParameter = "nobody visits"
      case sameNameTwice = "names that are not unique"
      case wrongShape = "output shape"
      case looksAtPadding = "NaN in the padding"
      case leavesPaddingFilled = "padding of the output"
      case looksAtOtherRows = "alone"
      case countsStepsAnew = "output in chunks"
      case blocksGradient = "gradient of layer.scale"
      case wrongSlope = "gradient of input"
      case dependsOnTracking = "values while gradients are tracked"
      case ignoresState = "gradient of state.0"
      case changesEmptyRows = "the state of an empty row"
    }

    var scale = Tensor([0.5, -1.5])
    var hidden = Tensor([1, 2])
    let mistake: Mistake?

    func initialState(batchSize: Int) -> HiddenState {
      HiddenState(hidden: .zeros([batchSize, 2]))
    }

    func forward(_ input: SequenceBatch, state: inout HiddenState, mode: Mode) -> SequenceBatch {
      let clean = input.with(validSteps: input.validSteps)
      let scale = mistake == .blocksGradient ? scale.detached : scale
      // h is added to every output and stays.
      let carried = state.hidden.reshaped(to: [input.batchSize, 1, 2])
        .broadcast(to: [input.batchSize, input.time, 2])
      var values = (clean.values + (mistake == .ignoresState ? carried.detached : carried)) * scale
      switch mistake {
      case .looksAtPadding: values = values + input.values.sum(along: 1).sum()
      case .looksAtOtherRows: values = values + input.with(values).validSteps.detached.sum()
      case .countsStepsAnew:
        values = values + Tensor((0..<2 * input.time).map(Float.init), shape: [input.time, 2])
      case .wrongSlope: values = values + clean.values.squared().detached
      case .dependsOnTracking:
        // As if training took other arithmetic, by so little that a tolerance would let it pass.
        if Mirror(reflecting: scale).isFollowed { values = values * 1.000_001 }
      case .wrongShape: return SequenceBatch(values.slice(0..<1, along: 2), lengths: input.lengths)
      case .leavesPaddingFilled: return input.with(values)
      case .changesEmptyRows: state.hidden = state.hidden + 1
      default: break
      }
      return input.with(validSteps: input.with(values).validSteps)
    }

    mutating func visitParameters(_ visitor: inout ParameterVisitor) {
      visitor.visit("scale", &scale)
      if mistake != .forgetsParameter {
        visitor.visit(mistake == .sameNameTwice ? "scale" : "hidden", &hidden)
      }
    }
  }

  private func issues(of layer: WrongLayer) async throws -> [String] {
    let found = Mutex<[String]>([])
    try await withKnownIssue(isIntermittent: true) {
      try await checkLayer(layer, inputSize: 2, outputSize: 2)
    } matching: { issue in
      found.withLock { $0.append(issue.description) }
      return true
    }
    return found.withLock { $0 }
  }

  @Test func aRightLayerPasses() async throws {
    #expect(try await issues(of: WrongLayer(mistake: nil)) == [])
  }

  @Test(arguments: WrongLayer.Mistake.allCases)
  func mistakesAreFound(_ mistake: WrongLayer.Mistake) async throws {
    let issues = try await issues(of: WrongLayer(mistake: mistake))
    #expect(issues.contains { $0.contains(mistake.rawValue) }, "\(issues)")
  }

  @Test func theWrongGRUIsFound() async throws {
    var generator = RandomGenerator(seed: 1)
    let layer = GRU(inputSize: 2, hiddenSize: 3, reset: .beforeProduct, using: &generator)
    let found = Mutex<[String]>([])
    try await withKnownIssue {
      try await checkLayer(
        layer, inputSize: 2, outputSize: 3, twin: PlainRecurrence.gruResetAfter.twin)
    } matching: { issue in
      found.withLock { $0.append(issue.description) }
      return true
    }
    #expect(found.withLock { $0 }.contains { $0.contains("output") })
  }
}

extension Mirror {
  /// Whether the tensor reflected stands on a tape.
  fileprivate var isFollowed: Bool {
    children.contains { $0.label == "slot" && "\($0.value)" != "nil" }
  }
}
