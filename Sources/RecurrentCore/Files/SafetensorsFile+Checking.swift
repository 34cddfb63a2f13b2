import RecurrentFiles

extension SafetensorsFile {
  /// Checks that the file holds exactly the tensors a model has, each of its shape and of
  /// floating-point numbers, or I8 with the scales of its columns.
  ///
  /// - Parameters:
  ///   - expected: Every tensor of the model.
  ///   - model: What the model is called in the message: `this forecaster`.
  /// - Throws: ``DataError`` that lists what is missing, what has another shape or type, and what
  ///   is not expected.
  public func requireTensors(
    _ expected: [(name: String, shape: [Int])], of model: String = "the model"
  ) throws(DataError) {
    let missing = expected.filter { tensors[$0.name] == nil }.map {
      "\(quoted($0.name)) \($0.shape)"
    }
    let differing = expected.compactMap { name, shape -> String? in
      guard let found = tensors[name] else { return nil }
      if found.shape != shape {
        return "\(quoted(name)) (found \(described(found.shape)), expected \(described(shape)))"
      }
      let isScaled = found.elementType == .i8 && tensors[name + Self.scaleSuffix] != nil
      guard isScaled || [.f32, .f64, .f16, .bf16].contains(found.elementType) else {
        return "\(quoted(name)) (found \(found.elementType.rawValue), expected F32)"
      }
      return nil
    }
    let scaled = expected.filter { tensors[$0.name]?.elementType == .i8 }
    let expectedNames = Set(expected.map(\.name) + scaled.map { $0.name + Self.scaleSuffix })
    let extra = names.filter { !expectedNames.contains($0) }.map(quoted)
    let problems = [
      missing.isEmpty ? nil : "missing: \(listed(missing))",
      differing.isEmpty ? nil : "of another shape or type: \(listed(differing))",
      extra.isEmpty ? nil : "not expected: \(listed(extra))",
    ].compactMap { $0 }
    guard !problems.isEmpty else { return }
    throw DataError(
      file: source,
      problem: "the tensors are not those of \(model); " + problems.joined(separator: "; "),
      advice: "The file belongs to another model, or to one of other sizes")
  }
}
