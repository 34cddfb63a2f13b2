import RecurrentFiles

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
