import RecurrentFiles

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
    require(tolerance >= 0, "a tolerance is not negative, as \(tolerance) is")
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
