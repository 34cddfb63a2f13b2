import RecurrentFiles

/// A layer that a stream calls with tensors, for want of a layout.
protocol StreamCall: Sendable {
  /// A step.
  func run(_ memory: UnsafeMutablePointer<Float>)
}

struct CalledLayer<L: Layer>: StreamCall {
  let layer: L
  let initial: L.State
  let rows: Int
  let input, output: StreamPlan.Values
  /// The places of the state's tensors in the stream's memory.
  let state: [Int]

  func run(_ memory: UnsafeMutablePointer<Float>) {
    func floats(_ place: Int, _ count: Int) -> [Float] {
      Array(UnsafeBufferPointer(start: memory + place, count: count))
    }
    var now = initial
    now.tensors = zip(initial.tensors, state).map { Tensor(floats($1, $0.count), shape: $0.shape) }
    let result = layer.forward(
      Self.input(floats(input.place, rows * input.width), rows: rows), state: &now,
      mode: .prediction)
    for (tensor, place) in zip(now.tensors, state) {
      (memory + place).update(from: tensor.pointer, count: tensor.count)
    }
    for (index, value) in Self.floats(result).enumerated() { memory[output.place + index] = value }
  }

  /// A step of each row as the layer takes it.
  static func input(_ values: [Float], rows: Int) -> L.Input {
    let width = values.count / rows
    let candidates: [Any] = [
      SequenceBatch(Tensor(values, shape: [rows, 1, width])),
      Tensor(values, shape: [rows, width]), TokenBatch(values.map { [Int($0)] }),
    ]
    for case let input as L.Input in candidates { return input }
    trap("a stream feeds sequences, vectors or tokens, not \(L.Input.self)")
  }

  /// The floats of the layer's output, row by row.
  static func floats(_ output: L.Output) -> [Float] {
    switch output {
    case let output as SequenceBatch: output.values.elements
    case let output as Tensor: output.elements
    default: trap("a stream gives sequences or vectors, not \(L.Output.self)")
    }
  }
}
