/// What a layer computed elsewhere, to be computed here: recorded inputs and outputs.
///
/// An import is right if it gives what the original gave. No file can tell that the gates stand in
/// the order that was declared, that the reset gate acts where it should or which activation a layer
/// has; numbers can. Record some where the model is from, and replay them once after each import:
///
/// ```swift
/// // Python: safetensors.torch.save_file({"input": x, "output": model(x)}, "recording.safetensors")
/// try model.replay(Recording(file: "recording.safetensors"))
/// ```
///
/// Tensors of the file:
///
/// - `input`: `[B, T, I]`
/// - `lengths` `[B]` or `mask` `[B, T]`, whole numbers (0 where a step is not there); optional
/// - `initial.0`, `initial.1` …: the state before, in the order of the layer's own
///   ``LayerState/tensors``; optional, zeros
/// - `output`: `[B, T, F]` or `[B, F]`; steps that are not there are not compared
/// - `final.0`, `final.1` …: the state after; optional
public struct Recording: Sendable {
  let source: String
  let input: SequenceBatch
  let output: Tensor
  let initial: [Tensor]
  let final: [Tensor]

  /// Reads a recording from a safetensors file.
  ///
  /// - Throws: ``DataError`` if it is not sound, lacks `input` or `output`, has others than those
  ///   above, or numbers that are not finite.
  public init(file path: String) throws(DataError) {
    try self.init(SafetensorsFile(path: path))
  }

  /// Reads a recording.
  public init(_ file: SafetensorsFile) throws(DataError) {
    var tensors = TensorBag(file)
    source = file.source
    let values = try tensors.take("input", shape: [nil, nil, nil])
    let (batch, time) = (values.shape[0], values.shape[1])
    var used: Set<String> = ["input", "output"]
    func integers(_ name: String, shape: [Int]) throws(DataError) -> [Int]? {
      guard file.shape(of: name) != nil else { return nil }
      used.insert(name)
      let stored = try file.integers(name)
      guard stored.shape == shape else {
        throw tensors.problem(
          name, "found shape \(described(stored.shape)), expected \(described(shape))")
      }
      let largest = name == "mask" ? 1 : time
      if let bad = stored.values.firstIndex(where: { !(0...Int64(largest)).contains($0) }) {
        throw tensors.problem(
          name, "element \(bad) is \(stored.values[bad]), expected 0 … \(largest)")
      }
      return stored.values.map { Int($0) }
    }
    if let lengths = try integers("lengths", shape: [batch]) {
      input = SequenceBatch(values, lengths: lengths)
    } else if let mask = try integers("mask", shape: [batch, time]) {
      input = SequenceBatch(
        values,
        mask: (0..<batch).map { row in (0..<time).map { mask[row * time + $0] == 1 } })
    } else {
      input = SequenceBatch(values)
    }
    let rank = file.shape(of: "output")?.count
    output = try tensors.take("output", shape: rank == 2 ? [batch, nil] : [batch, time, nil])
    func states(_ kind: String) throws(DataError) -> [Tensor] {
      var states: [Tensor] = []
      while let shape = file.shape(of: "\(kind).\(states.count)") {
        let name = "\(kind).\(states.count)"
        used.insert(name)
        states.append(
          try tensors.take(name, shape: [batch] + shape.dropFirst().map { Optional($0) }))
      }
      return states
    }
    initial = try states("initial")
    final = try states("final")
    if let unknown = file.names.first(where: { !used.contains($0) }) {
      throw tensors.problem(
        unknown, "is not a part of a recording",
        advice: "A recording has input, output, and lengths or mask, initial.0 …, final.0 …")
    }
  }
}

/// A layer does not give what was recorded.
public struct ReplayMismatch: Error, Sendable, Equatable, CustomStringConvertible {
  /// The recording, as messages name it.
  public var recording: String
  /// Which of its tensors: `output`, `final.0` …
  public var tensor: String
  /// The place of the worst element, an index for each dimension.
  public var index: [Int]
  /// What the layer gave there.
  public var found: Float
  /// What was recorded there.
  public var expected: Float
  /// The largest difference allowed: the tolerance times the largest element recorded.
  public var allowed: Float

  /// The place, both numbers, and what to look at.
  public var description: String {
    "\(recording): tensor \"\(tensor)\": element \(index) is \(found), expected \(expected) within "
      + "\(allowed). The declared cell, reset, activations or order of layers are not those of the "
      + "model that was recorded."
  }
}

extension Layer where Input == SequenceBatch {
  /// Checks that the layer gives the recorded outputs and final states for the recorded inputs.
  ///
  /// - Parameters:
  ///   - recording: What the original gave.
  ///   - tolerance: The largest difference allowed, relative to the largest element of each tensor.
  /// - Throws: ``ReplayMismatch`` that names the worst element, or ``DataError`` if the recording is
  ///   not one of such a layer.
  public func replay(_ recording: Recording, tolerance: Float = 1e-5) throws
  where Output == SequenceBatch {
    try replay(recording, tolerance) { ($0.values, $0) }
  }

  /// Checks that the layer gives the recorded outputs and final states for the recorded inputs.
  ///
  /// - Parameters:
  ///   - recording: What the original gave.
  ///   - tolerance: The largest difference allowed, relative to the largest element of each tensor.
  /// - Throws: ``ReplayMismatch`` that names the worst element, or ``DataError`` if the recording is
  ///   not one of such a layer.
  public func replay(_ recording: Recording, tolerance: Float = 1e-5) throws
  where Output == Tensor {
    try replay(recording, tolerance) { ($0, nil) }
  }

  private func replay(
    _ recording: Recording, _ tolerance: Float,
    _ result: (Output) -> (values: Tensor, sequence: SequenceBatch?)
  ) throws {
    precondition(tolerance >= 0, "a tolerance is not negative, as \(tolerance) is")
    var state = initialState(batchSize: recording.input.batchSize)
    if !recording.initial.isEmpty {
      try recording.checkStates("initial", recording.initial, like: state.tensors)
      state.tensors = recording.initial
    }
    let (values, sequence) = result(self(recording.input, state: &state))
    try recording.compare("output", values, recording.output, tolerance, valid: sequence)
    if !recording.final.isEmpty {
      try recording.checkStates("final", recording.final, like: state.tensors)
      for (index, (found, expected)) in zip(state.tensors, recording.final).enumerated() {
        try recording.compare("final.\(index)", found, expected, tolerance, valid: nil)
      }
    }
  }
}

extension Recording {
  fileprivate func checkStates(
    _ kind: String, _ states: [Tensor], like own: [Tensor]
  ) throws(DataError) {
    guard states.map(\.shape) != own.map(\.shape) else { return }
    throw DataError(
      file: source, place: "tensors \"\(kind).0\" …",
      problem: "found shapes \(states.map(\.shape)), expected those of the layer's state, "
        + "\(own.map(\.shape))")
  }

  /// Throws unless every element, of the valid steps only if they are known, is near enough.
  fileprivate func compare(
    _ name: String, _ found: Tensor, _ expected: Tensor, _ tolerance: Float,
    valid: SequenceBatch?
  ) throws {
    guard found.shape == expected.shape else {
      throw DataError(
        file: source, place: "tensor \"\(name)\"",
        problem: "found shape \(expected.shape), expected what the layer gives, \(found.shape)")
    }
    let positions: [Int]
    if let valid {
      let features = valid.features
      positions = (0..<valid.batchSize).flatMap { row in
        valid.validPositions(row: row).flatMap { step in
          let first = (row * valid.time + step) * features
          return first..<first + features
        }
      }
    } else {
      positions = Array(0..<found.count)
    }
    let (foundElements, expectedElements) = (found.elements, expected.elements)
    let largest = positions.lazy.map { expectedElements[$0].magnitude }.max() ?? 0
    let allowed = tolerance * (largest == 0 ? 1 : largest)
    var worst: (position: Int, difference: Float)?
    for position in positions {
      let difference = (foundElements[position] - expectedElements[position]).magnitude
      // What is not a number is the worst.
      if difference.isNaN { worst = (position, .infinity) }
      if difference > worst?.difference ?? allowed { worst = (position, difference) }
    }
    guard let worst else { return }
    var rest = worst.position
    var index: [Int] = []
    for extent in found.shape.reversed() {
      index.insert(rest % extent, at: 0)
      rest /= extent
    }
    throw ReplayMismatch(
      recording: source, tensor: name, index: index, found: foundElements[worst.position],
      expected: expectedElements[worst.position], allowed: allowed)
  }
}
