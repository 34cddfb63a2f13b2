import RecurrentCore
import RecurrentFiles

// What networks do with steps: the lengths of rows tell which are there.

extension OnnxBuilder {
  /// The numbers of the steps of a sequence, `[1, T]`.
  private mutating func steps(of sequence: String) -> String {
    let time = node("Gather", [node("Shape", [sequence]), constant([1])])
    let one = squeeze(constant([1]), [0])
    let range = node("Range", [squeeze(constant([0]), [0]), squeeze(time, [0]), one])
    return unsqueeze(range, [0])
  }

  /// Whether each step is there, `[B, T, 1]`.
  mutating func mask(of sequence: String) -> String {
    unsqueeze(node("Less", [steps(of: sequence), wholeLengths()]), [2])
  }

  /// The mask of a sequence's valid steps as 1 and 0.
  mutating func numericMask(of sequence: String) -> String {
    node("Cast", [mask(of: sequence)], ["to": .integer(1)])
  }

  /// Each row with steps of its own before its first and behind its last, as Pad does for whole tensors:
  /// `[B, T, F]` to `[B, T + added, F]`.
  ///
  /// - Parameters:
  ///   - before: How many come before the first, `[1]`, or of each row, `[B, 1]`.
  ///   - most: At least as many as any row has before its first.
  mutating func padded(
    _ sequence: String, features: Int, before: String, most: Int, added: Int, with mode: PaddingMode
  ) -> String {
    let one = constant([1])
    let shape = node("Shape", [sequence])
    let (batch, time) = (
      node("Gather", [shape, constant([0])]), node("Gather", [shape, one])
    )
    func range(_ from: String, _ to: String) -> String {
      node("Range", [squeeze(from, [0]), squeeze(to, [0]), squeeze(one, [0])])
    }
    let all = unsqueeze(range(constant([0]), sum(time, constant([added]))), [0])
    let places = node("Sub", [all, before])
    let last = node("Max", [node("Sub", [wholeLengths(), one]), constant([0])])
    let sources: String
    if mode == .reflect {
      // There and back again: Div leaves the rest only of numbers that are not negative.
      let period = node("Max", [product(last, constant([2])), one])
      let shifted = sum(places, product(period, constant([most])))
      let turned = node("Sub", [shifted, product(period, node("Div", [shifted, period]))])
      sources = node("Min", [turned, node("Sub", [period, turned])])
    } else {
      sources = node("Max", [node("Min", [places, last]), constant([0])])
    }
    let starts = unsqueeze(product(range(constant([0]), batch), time), [1])
    let rows = node("Gather", [reshape(sequence, to: [-1, features]), sum(sources, starts)])
    guard mode == .zeros else { return rows }
    let isThere = node(
      "And", [node("Less", [constant([-1]), places]), node("Less", [places, wholeLengths()])])
    return node("Where", [unsqueeze(isThere, [2]), rows, constant(Tensor(0))])
  }

  /// The lengths of rows, `[B, 1]`.
  mutating func wholeLengths() -> String {
    unsqueeze(node("Cast", [lengths], ["to": .integer(7)]), [1])
  }

  /// The sum over time, `[B, F]`.
  public mutating func sumOverTime(_ sequence: String) -> String {
    node("ReduceSum", [sequence, constant([1])], ["keepdims": .integer(0)])
  }

  /// Scores of steps, `[B, T, 1]`, as shares of each row that sum to 1 over the steps that a sequence has there, and are
  /// 0 behind them.
  public mutating func softmaxOverTime(_ scores: String, of sequence: String) -> String {
    let least = constant(Tensor(-Float.greatestFiniteMagnitude))
    let shown = node("Where", [mask(of: sequence), scores, least])
    return product(node("Softmax", [shown], ["axis": .integer(1)]), numericMask(of: sequence))
  }

  /// The last step of each row, `[B, F]`; zeros for an empty row.
  public mutating func lastSteps(of sequence: String) -> String {
    let last = node("Sub", [wholeLengths(), constant([1])])
    let isLast = node("Equal", [steps(of: sequence), last])
    let share = node("Cast", [unsqueeze(isLast, [2])], ["to": .integer(1)])
    return sumOverTime(product(sequence, share))
  }

  /// The mean over the steps of each row, `[B, F]`; zeros for an empty row.
  public mutating func meanOverTime(_ sequence: String) -> String {
    let total = sumOverTime(product(sequence, numericMask(of: sequence)))
    let lengths = node("Cast", [wholeLengths()], ["to": .integer(1)])
    return node("Div", [total, node("Max", [lengths, constant(Tensor(1))])])
  }

  /// The largest of each feature over the steps of each row, `[B, F]`; zeros for an empty row.
  public mutating func maximumOverTime(_ sequence: String) -> String {
    let least = constant(Tensor(-Float.greatestFiniteMagnitude))
    let shown = node("Where", [mask(of: sequence), sequence, least])
    let largest = node("ReduceMax", [shown], ["axes": .integers([1]), "keepdims": .integer(0)])
    let isEmpty = node("Equal", [wholeLengths(), constant([0])])
    return node("Where", [isEmpty, constant(Tensor(0)), largest])
  }

  /// The last step of sequences that have all steps, `[B, F]`.
  public mutating func finalSteps(of sequence: String) -> String {
    squeeze(
      node("Slice", [sequence, constant([-1]), constant([Int.max]), constant([1])]), [1])
  }

  /// Steps taken together, so many at a time, `[B, T, F]` to `[B, T / rows, rows·F]`; the first ones that
  /// make no whole group are left out.
  public mutating func grouped(_ sequence: String, rows: Int, features: Int) -> String {
    let time = node("Gather", [node("Shape", [sequence]), constant([1])])
    let whole = product(node("Div", [time, constant([rows])]), constant([rows]))
    let kept = node(
      "Slice", [sequence, node("Neg", [whole]), constant([Int.max]), constant([1])])
    return reshape(kept, to: [0, -1, rows * features])
  }
}
