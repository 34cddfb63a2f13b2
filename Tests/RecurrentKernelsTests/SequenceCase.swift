import Foundation
import RecurrentKernels
import Testing

/// A layer and a batch for it: random weights, inputs, states and gradients.
struct SequenceCase {
  let cell: rk_cell
  let inputSize: Int
  let hiddenSize: Int
  private(set) var lengths: [Int]
  private(set) var steps: Int  // T, at least the longest length
  let reverse: Bool
  let hasBias: Bool
  let hasRecurrentBias: Bool
  let hasOutGradient: Bool

  private(set) var inputWeights: [Float]
  private(set) var recurrentWeights: [Float]
  /// How the weights are packed for the forward pass, and the scales of their columns.
  private(set) var format = RK_FLOAT32
  private(set) var inputScales: [Float] = []
  private(set) var recurrentScales: [Float] = []
  let bias: [Float]
  let recurrentBias: [Float]
  private(set) var x: [Float]  // [B, T, I]
  var h: [Float]  // [B, H]
  var c: [Float]
  private(set) var outGradient: [Float]  // [B, T, H]
  private(set) var hGradient: [Float]
  private(set) var cGradient: [Float]

  var gates: Int { Int(rk_cell_gates(cell)) }
  var batch: Int { lengths.count }
  var kept: Int { lengths.reduce(0, +) }

  init(
    _ cell: rk_cell, inputSize: Int, hiddenSize: Int, lengths: [Int], reverse: Bool = false,
    hasBias: Bool = true, hasRecurrentBias: Bool = true, hasOutGradient: Bool = true
  ) {
    self.cell = cell
    self.inputSize = inputSize
    self.hiddenSize = hiddenSize
    self.lengths = lengths
    self.reverse = reverse
    self.hasBias = hasBias
    self.hasRecurrentBias = hasRecurrentBias
    self.hasOutGradient = hasOutGradient
    steps = (lengths.max() ?? 0) + 1
    let gates = Int(rk_cell_gates(cell))
    var numbers = TestNumbers(seed: inputSize * 1009 + hiddenSize * 31 + lengths.count)
    // Sums of a size near 1, whatever the depth, so that no gate saturates.
    let scale = 1.5 / Float(inputSize + hiddenSize).squareRoot()
    inputWeights = numbers.floats(inputSize * gates * hiddenSize, scale)
    recurrentWeights = numbers.floats(hiddenSize * gates * hiddenSize, scale)
    bias = numbers.floats(gates * hiddenSize, 0.5)
    recurrentBias = numbers.floats(gates * hiddenSize, 0.5)
    x = numbers.floats(lengths.count * steps * inputSize)
    h = numbers.floats(lengths.count * hiddenSize)
    c = numbers.floats(lengths.count * hiddenSize)
    outGradient = numbers.floats(lengths.count * steps * hiddenSize)
    hGradient = numbers.floats(lengths.count * hiddenSize)
    cGradient = numbers.floats(lengths.count * hiddenSize)
  }

  /// The same layer with weights on the grid of a format, packed in it.
  func rounded(to format: rk_weight_format) -> SequenceCase {
    var result = self
    var numbers = TestNumbers(seed: inputSize + hiddenSize)
    result.format = format
    func rounded(_ weights: [Float]) -> (weights: [Float], scales: [Float]) {
      let columns = gates * hiddenSize
      guard format == RK_INT8 else {
        return (weights.map { Float(bitPattern: $0.bitPattern & 0xffff_0000) }, [])
      }
      // Different from column to column, sums of a size near 1 again; some columns are zero.
      let scale = 1.5 / Float(inputSize + hiddenSize).squareRoot() / 127
      let scales = (0..<columns).map { $0 % 7 == 5 ? 0 : abs(numbers.float(scale)) }
      return (
        weights.indices.map { Float(numbers.below(255) - 127) * scales[$0 % columns] }, scales
      )
    }
    (result.inputWeights, result.inputScales) = rounded(inputWeights)
    (result.recurrentWeights, result.recurrentScales) = rounded(recurrentWeights)
    return result
  }

  /// The same weights, packed as floats.
  var inFloat32: SequenceCase {
    var result = self
    result.format = RK_FLOAT32
    return result
  }

  /// The batch of these rows alone.
  func rows(_ rows: [Int]) -> SequenceCase {
    func gather(_ array: [Float], _ width: Int) -> [Float] {
      rows.flatMap { array[$0 * width..<($0 + 1) * width] }
    }
    var result = self
    result.lengths = rows.map { lengths[$0] }
    result.x = gather(x, steps * inputSize)
    result.h = gather(h, hiddenSize)
    result.c = gather(c, hiddenSize)
    result.outGradient = gather(outGradient, steps * hiddenSize)
    result.hGradient = gather(hGradient, hiddenSize)
    result.cGradient = gather(cGradient, hiddenSize)
    return result
  }

  /// The times `from` ..< `to` of each row, for a forward pass.
  func window(from: Int, to: Int) -> SequenceCase {
    var result = self
    result.steps = to - from
    result.lengths = lengths.map { max(0, min($0, to) - from) }
    result.x = lengths.indices.flatMap { row -> ArraySlice<Float> in
      let start = row * steps
      return x[(start + from) * inputSize..<(start + to) * inputSize]
    }
    return result
  }

  var description: String {
    "\(cell.name) I \(inputSize) H \(hiddenSize) lengths \(lengths) reverse \(reverse)"
      + " biases \(hasBias) \(hasRecurrentBias)"
  }

  /// What a forward and a backward pass leave behind.
  struct Result {
    var out: FloatBuffer  // rows `outStride` apart
    var h: FloatBuffer
    var c: FloatBuffer
    var gates: FloatBuffer
    var extra: FloatBuffer
    var gateGradients: FloatBuffer
    var extraGradients: FloatBuffer
    var hGradient: FloatBuffer
    var cGradient: FloatBuffer
    /// The packed row of batch row b at its step s.
    var packedRow: (_ row: Int, _ step: Int) -> Int

    /// All bits that mean something.
    var bits: [[UInt32]] {
      [out, h, c, gates, gateGradients, hGradient, cGradient].map(\.bits)
    }
  }

  // Distances that are not the least possible ones.
  var xStride: Int { inputSize + 3 }
  var outStepStride: Int { hiddenSize + 2 }
  /// From row to row of the batch.
  var outStride: Int { steps * outStepStride }

  /// The time of step s of a row.
  func time(_ row: Int, _ step: Int) -> Int { reverse ? lengths[row] - 1 - step : step }

  /// Both passes on this path; without the backward pass's memory, `keep` false, the forward pass
  /// alone. The parts run one after the other, or share the units, all at the same time; the
  /// product with the input may be there before.
  func run(
    on path: KernelPath, parts: Int = 1, keep: Bool = true, sharesUnits: Bool = false,
    startsAhead: Bool = false
  ) -> Result {
    let table = path.table
    let (i32, h32) = (Int32(inputSize), Int32(hiddenSize))

    // Sorted by length, longest first.
    let order = lengths.indices.sorted { (lengths[$0], $1) > (lengths[$1], $0) }
    let longest = lengths.max() ?? 0
    let batchRows = order.map(Int32.init)
    let sortedLengths = order.map { Int32(lengths[$0]) }
    let active = (0..<longest).map { step in Int32(lengths.count { $0 > step }) }
    var offsets: [Int64] = []
    for step in 0..<longest {
      offsets.append(step == 0 ? 0 : offsets[step - 1] + Int64(active[step - 1]))
    }
    let rank = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    let places = (0..<longest).flatMap { step in
      order.prefix(Int(active[step])).map { Int32($0 * steps + time($0, step)) }
    }

    let result = Result(
      out: FloatBuffer(count: batch * outStride), h: FloatBuffer(h), c: FloatBuffer(c),
      gates: FloatBuffer(count: kept * gates * hiddenSize),
      extra: FloatBuffer(count: kept * hiddenSize),
      gateGradients: FloatBuffer(count: kept * gates * hiddenSize),
      extraGradients: FloatBuffer(count: kept * hiddenSize),
      hGradient: FloatBuffer(hGradient), cGradient: FloatBuffer(cGradient),
      packedRow: { Int(offsets[$1]) + (rank[$0] ?? 0) })

    let (wx, wh) = (FloatBuffer(inputWeights), FloatBuffer(recurrentWeights))
    let (b, b2) = (FloatBuffer(bias), FloatBuffer(recurrentBias))
    let (s, s2) = (FloatBuffer(inputScales), FloatBuffer(recurrentScales))
    var weights = rk_cell_weights(
      cell: cell, input_size: i32, hidden_size: h32, recurrent_size: h32, input_weights: wx.pointer,
      recurrent_weights: wh.pointer, bias: hasBias ? UnsafePointer(b.pointer) : nil,
      recurrent_bias: hasRecurrentBias ? UnsafePointer(b2.pointer) : nil, projection: nil,
      format: format, input_scales: inputScales.isEmpty ? nil : UnsafePointer(s.pointer),
      recurrent_scales: recurrentScales.isEmpty ? nil : UnsafePointer(s2.pointer),
      projection_scales: nil)
    let forwardWeights = FloatBuffer(count: Int(table.forward_weights_size(&weights)))
    let backwardWeights = FloatBuffer(count: Int(table.backward_weights_size(&weights)))
    table.pack_forward_weights(&weights, forwardWeights.pointer)
    table.pack_backward_weights(&weights, backwardWeights.pointer)
    #expect(format != RK_FLOAT32 || forwardWeights.isFinite, "every packed weight is set")
    #expect(forwardWeights.marginIsIntact, "nothing is packed beyond the end")
    #expect(backwardWeights.isFinite, "every packed weight is set")

    let xs = FloatBuffer(count: batch * steps * xStride)
    for row in 0..<batch {
      for place in row * steps..<row * steps + lengths[row] {
        for at in 0..<inputSize { xs.pointer[place * xStride + at] = x[place * inputSize + at] }
      }
    }
    let (h0, c0) = (FloatBuffer(h), FloatBuffer(c))
    let dout = FloatBuffer(outGradient)
    let isLSTM = cell == RK_CELL_LSTM
    let hasExtra = gates > 1
    let meeting = Meeting()

    batchRows.withUnsafeBufferPointer { batchRows in
      sortedLengths.withUnsafeBufferPointer { sortedLengths in
        active.withUnsafeBufferPointer { active in
          offsets.withUnsafeBufferPointer { offsets in
            places.withUnsafeBufferPointer { places in
              guard let batchRow = batchRows.baseAddress, let length = sortedLengths.baseAddress,
                let active = active.baseAddress, let offset = offsets.baseAddress,
                let place = places.baseAddress
              else { return }
              var layout = rk_sequence_layout(
                rows: Int32(batch), steps: Int32(longest), batch_row: batchRow, length: length,
                active: active, offset: offset, place: place)
              withUnsafePointer(to: &layout) { layout in
                var forward = rk_sequence_forward(
                  cell: cell, input_size: i32, hidden_size: h32, recurrent_size: h32,
                  layout: layout, first_step: 0, end_step: Int32(longest), options: nil,
                  projects: false, format: format, packed_weights: forwardWeights.pointer,
                  x: xs.pointer,
                  x_stride: Int64(xStride), start: nil, start_row: nil, out: result.out.pointer,
                  out_stride: Int64(outStepStride), keeps_out: false, h: result.h.pointer,
                  c: isLSTM ? result.c.pointer : nil,
                  gates: keep && hasExtra ? result.gates.pointer : nil,
                  extra: keep && hasExtra ? result.extra.pointer : nil, masked: nil,
                  unprojected: nil, meeting: sharesUnits ? meeting.pointer : nil)
                let start = FloatBuffer(count: kept * gates * hiddenSize)
                if startsAhead {
                  forward.start = start.pointer
                  for part in 0..<parts {
                    table.multiply_input(&forward, Int32(part), Int32(parts))
                  }
                  #expect(start.marginIsIntact, "\(description) on \(path.name)")
                }
                // On one thread the sums stand elsewhere, where a table says.
                let width = gates * hiddenSize
                let turned = FloatBuffer(count: start.count)
                let startRow = UnsafeMutablePointer<Int32>.allocate(capacity: kept)
                defer { startRow.deallocate() }
                if startsAhead, parts == 1 {
                  for row in 0..<kept {
                    startRow[row] = Int32(kept - 1 - row)
                    (turned.pointer + (kept - 1 - row) * width).update(
                      from: start.pointer + row * width, count: width)
                  }
                  (forward.start, forward.start_row) = (turned.pointer, UnsafePointer(startRow))
                }
                withUnsafePointer(to: &forward) { forward in
                  nonisolated(unsafe) let forward = forward
                  nonisolated(unsafe) let table = table
                  run(parts: parts, together: sharesUnits) { part in
                    let workspace = FloatBuffer(count: Int(table.forward_workspace(forward)))
                    table.run_forward(forward, Int32(part), Int32(parts), workspace.pointer)
                    #expect(workspace.marginIsIntact, "\(description) on \(path.name)")
                  }
                }
                withExtendedLifetime((start, turned)) {}
                guard keep else { return }
                result.gateGradients.pointer.update(
                  from: result.gates.pointer, count: result.gates.count)
                result.extraGradients.pointer.update(
                  from: result.extra.pointer, count: result.extra.count)
                var backward = rk_sequence_backward(
                  cell: cell, input_size: i32, hidden_size: h32, recurrent_size: h32,
                  layout: layout, first_step: 0, end_step: Int32(longest), options: nil,
                  projects: false, packed_weights: backwardWeights.pointer,
                  out: result.out.pointer, out_stride: Int64(outStepStride), h: h0.pointer,
                  c: isLSTM ? UnsafePointer(c0.pointer) : nil,
                  gates: result.gateGradients.pointer,
                  extra: hasExtra ? result.extraGradients.pointer : nil, masked: nil,
                  projected_gradient: nil, peephole_gradient: nil,
                  out_gradient: hasOutGradient ? UnsafePointer(dout.pointer) : nil,
                  out_gradient_stride: Int64(hiddenSize),
                  h_gradient: result.hGradient.pointer,
                  c_gradient: isLSTM ? result.cGradient.pointer : nil,
                  meeting: sharesUnits ? meeting.pointer : nil)
                withUnsafePointer(to: &backward) { backward in
                  nonisolated(unsafe) let backward = backward
                  nonisolated(unsafe) let table = table
                  run(parts: parts, together: sharesUnits) { part in
                    let workspace = FloatBuffer(count: Int(table.backward_workspace(backward)))
                    table.run_backward(backward, Int32(part), Int32(parts), workspace.pointer)
                    #expect(workspace.marginIsIntact, "\(description) on \(path.name)")
                  }
                }
              }
            }
          }
        }
      }
    }
    for buffer in [
      result.out, result.h, result.c, result.gates, result.extra, result.gateGradients,
      result.extraGradients, result.hGradient, result.cGradient,
    ] {
      #expect(buffer.marginIsIntact, "\(description) on \(path.name)")
    }
    return result
  }

  /// Runs the parts one after the other, or each on a thread of its own.
  private func run(parts: Int, together: Bool, _ body: @escaping @Sendable (Int) -> Void) {
    guard together else {
      for part in 0..<parts { body(part) }
      return
    }
    let done = DispatchSemaphore(value: 0)
    for part in 0..<parts {
      Thread.detachNewThread {
        body(part)
        done.signal()
      }
    }
    for _ in 0..<parts { done.wait() }
  }

  private final class Meeting {
    let pointer = UnsafeMutablePointer<rk_meeting>.allocate(capacity: 1)
    init() { pointer.initialize(to: rk_meeting()) }
    deinit { pointer.deallocate() }
  }
}
