import RecurrentKernels
import TestSupport
import Testing

/// Cells with options on every path: the same bits whatever the number of parts, by segments as
/// whole, on AVX2 as on AVX-512; and nothing is written where it should not.
///
/// What is computed is held against double precision by the library's tests.
@Suite struct OptionBitsTests {
  /// A layer with every option that its cell has, over rows of several lengths.
  private struct Layer {
    let cell: rk_cell
    let inputSize = 3
    let hiddenSize: Int
    let lengths = [4, 0, 7, 7, 1, 5, 7, 2, 6]
    let steps = 7
    let projects: Bool

    init(_ cell: rk_cell, hiddenSize: Int, projects: Bool) {
      self.cell = cell
      self.hiddenSize = hiddenSize
      self.projects = projects
    }

    var size: Int { projects ? 1 + hiddenSize / 2 : hiddenSize }
    var width: Int { Int(rk_cell_gates(cell)) * hiddenSize }
    var kept: Int { lengths.reduce(0, +) }
    var hasCellState: Bool { cell == RK_CELL_LSTM || cell == RK_CELL_LSTM_COUPLED }
    var isSimple: Bool { cell == RK_CELL_RNN_TANH }

    /// All bits of a forward and a backward pass; `cut` divides the steps into two segments, of
    /// which the first is computed again for the backward pass.
    func bits(on path: KernelPath, parts: Int32 = 1, cut: Int? = nil) -> [[UInt32]] {
      let table = path.table
      var numbers = TestNumbers(seed: hiddenSize * 7 + Int(cell.rawValue))
      func random(_ count: Int, _ scale: Float = 1) -> FloatBuffer {
        FloatBuffer(numbers.floats(count, scale))
      }
      func mask(_ count: Int) -> FloatBuffer {
        FloatBuffer(numbers.floats(count).map { $0 > 0 ? 1 : 0 })
      }
      let order = lengths.indices.sorted { (lengths[$0], $1) > (lengths[$1], $0) }
      let active = (0..<steps).map { step -> Int32 in Int32(lengths.count { $0 > step }) }
      let offsets = active.indices.map { step -> Int64 in Int64(active[..<step].reduce(0, +)) }
      let places = (0..<steps).flatMap { step -> [Int32] in
        order.prefix(Int(active[step])).map { row in Int32(row * steps + lengths[row] - 1 - step) }
      }
      let batchRow = Table(order.map(Int32.init))
      let length = Table(order.map { Int32(lengths[$0]) })
      let (activeRows, place, offset) = (Table(active), Table(places), Table(offsets))
      let layout = Table([
        rk_sequence_layout(
          rows: Int32(lengths.count), steps: Int32(steps), batch_row: batchRow.pointer,
          length: length.pointer, active: activeRows.pointer, offset: offset.pointer,
          place: place.pointer)
      ])

      let (w, u) = (random(inputSize * width, 0.5), random(size * width, 0.3))
      let (b, b2) = (random(width, 0.5), random(width, 0.5))
      let projection = random(hiddenSize * size, 0.4)
      let peepholes = random(3 * hiddenSize, 0.5)
      let recurrentMask = mask(lengths.count * size)
      let (zoneout, cellZoneout) = (mask(kept * size), mask(kept * hiddenSize))
      var weights = rk_cell_weights(
        cell: cell, input_size: Int32(inputSize), hidden_size: Int32(hiddenSize),
        recurrent_size: Int32(size), input_weights: w.pointer, recurrent_weights: u.pointer,
        bias: b.pointer, recurrent_bias: b2.pointer,
        projection: projects ? UnsafePointer(projection.pointer) : nil, format: RK_FLOAT32,
        input_scales: nil, recurrent_scales: nil, projection_scales: nil)
      let forwardWeights = FloatBuffer(count: Int(table.forward_weights_size(&weights)))
      let backwardWeights = FloatBuffer(count: Int(table.backward_weights_size(&weights)))
      table.pack_forward_weights(&weights, forwardWeights.pointer)
      table.pack_backward_weights(&weights, backwardWeights.pointer)
      #expect(forwardWeights.isFinite && backwardWeights.isFinite, "every packed weight is set")
      let options = Table([
        rk_cell_options(
          gate: RK_HARD_SIGMOID, activation: RK_SOFTSIGN, gate_clip: 1.5, cell_clip: 0.7,
          peepholes: hasCellState ? UnsafePointer(peepholes.pointer) : nil,
          recurrent_mask: recurrentMask.pointer, zoneout: 0.5, cell_zoneout: 0.5,
          zoneout_mask: zoneout.pointer,
          cell_zoneout_mask: hasCellState ? UnsafePointer(cellZoneout.pointer) : nil)
      ])

      let x = random(lengths.count * steps * inputSize)
      let (h, c) = (random(lengths.count * size), random(lengths.count * hiddenSize))
      let initial = FloatBuffer(h.values)
      let out = FloatBuffer(count: lengths.count * steps * size)
      let dout = random(lengths.count * steps * size)
      let (dh, dc) = (random(lengths.count * size), random(lengths.count * hiddenSize))
      let dpeepholes = FloatBuffer(count: lengths.count * 3 * hiddenSize, of: 0)
      let cuts = [0] + (cut.map { [$0] } ?? []) + [steps]
      var starts: [FloatBuffer] = []
      var results: [[FloatBuffer]] = []

      /// Gates, extra, masked, unprojected, projected gradient.
      func room(_ first: Int, _ end: Int) -> [FloatBuffer] {
        let count = active[first..<end].reduce(0) { $0 + Int($1) }
        return [width, hiddenSize, size, hiddenSize, size].map { FloatBuffer(count: count * $0) }
      }
      func forward(
        _ first: Int, _ end: Int, _ kept: [FloatBuffer]?, h: FloatBuffer, c: FloatBuffer,
        again: Bool = false
      ) {
        var pass = rk_sequence_forward(
          cell: cell, input_size: Int32(inputSize), hidden_size: Int32(hiddenSize),
          recurrent_size: Int32(size), layout: layout.pointer, first_step: Int32(first),
          end_step: Int32(end), options: options.pointer, projects: projects,
          format: RK_FLOAT32, packed_weights: forwardWeights.pointer, x: x.pointer,
          x_stride: Int64(inputSize),
          start: nil, start_row: nil,
          out: out.pointer, out_stride: Int64(size), keeps_out: again, h: h.pointer,
          c: hasCellState ? c.pointer : nil, gates: kept?[0].pointer,
          extra: isSimple ? nil : kept?[1].pointer, masked: kept?[2].pointer,
          unprojected: projects ? kept?[3].pointer : nil, meeting: nil)
        for part in 0..<parts {
          let workspace = FloatBuffer(count: Int(table.forward_workspace(&pass)))
          table.run_forward(&pass, part, parts, workspace.pointer)
          #expect(workspace.marginIsIntact)
        }
      }
      for (first, end) in zip(cuts, cuts.dropFirst()) {
        starts.append(FloatBuffer(c.values))
        forward(first, end, nil, h: h, c: c)
      }
      for (index, (first, end)) in zip(cuts, cuts.dropFirst()).enumerated().reversed() {
        let kept = room(first, end)
        let before = out.bits
        forward(
          first, end, kept, h: FloatBuffer(initial.values), c: FloatBuffer(starts[index].values),
          again: true)
        #expect(out.bits == before, "what is computed again is not written again")
        var pass = rk_sequence_backward(
          cell: cell, input_size: Int32(inputSize), hidden_size: Int32(hiddenSize),
          recurrent_size: Int32(size), layout: layout.pointer, first_step: Int32(first),
          end_step: Int32(end), options: options.pointer, projects: projects,
          packed_weights: backwardWeights.pointer, out: out.pointer, out_stride: Int64(size),
          h: initial.pointer, c: hasCellState ? UnsafePointer(starts[index].pointer) : nil,
          gates: kept[0].pointer, extra: isSimple ? nil : kept[1].pointer, masked: kept[2].pointer,
          projected_gradient: projects ? kept[4].pointer : nil,
          peephole_gradient: hasCellState ? dpeepholes.pointer : nil, out_gradient: dout.pointer,
          out_gradient_stride: Int64(size), h_gradient: dh.pointer,
          c_gradient: hasCellState ? dc.pointer : nil, meeting: nil)
        for part in 0..<parts {
          let workspace = FloatBuffer(count: Int(table.backward_workspace(&pass)))
          table.run_backward(&pass, part, parts, workspace.pointer)
          #expect(workspace.marginIsIntact)
        }
        #expect(kept.allSatisfy(\.marginIsIntact) && out.marginIsIntact)
        results.insert([kept[0]] + (projects ? [kept[4]] : []), at: 0)
      }
      for row in lengths.indices {
        let untouched = (lengths[row]..<steps).allSatisfy {
          out.isUntouched((row * steps + $0) * size)
        }
        #expect(untouched, "an output beyond row \(row)'s length was written")
      }
      let gradients = results[0].indices.map { which in results.flatMap { $0[which].bits } }
      return [out.bits, h.bits, c.bits, dh.bits, dc.bits, dpeepholes.bits] + gradients
    }
  }

  private static let cells: [(rk_cell, Bool)] = [
    (RK_CELL_LSTM, false), (RK_CELL_LSTM, true), (RK_CELL_LSTM_COUPLED, false),
    (RK_CELL_LSTM_COUPLED, true), (RK_CELL_GRU_RESET_AFTER, false),
    (RK_CELL_GRU_RESET_BEFORE, false), (RK_CELL_RNN_TANH, false),
  ]

  @Test(arguments: cells, cases([19, 1, 5, 8, 33]))
  func sameBits(_ which: (rk_cell, Bool), hiddenSize: Int) {
    let layer = Layer(which.0, hiddenSize: hiddenSize, projects: which.1)
    for path in KernelPath.all {
      let bits = layer.bits(on: path)
      for parts: Int32 in [2, 5] { #expect(layer.bits(on: path, parts: parts) == bits) }
      for cut in [1, 4, 6] { #expect(layer.bits(on: path, cut: cut) == bits) }
    }
    if let narrow = KernelPath.named("avx2"), let wide = KernelPath.named("avx512") {
      #expect(layer.bits(on: narrow) == layer.bits(on: wide))
    }
  }
}

/// Whole numbers at a fixed address.
private final class Table<Element> {
  let pointer: UnsafePointer<Element>

  init(_ values: [Element]) {
    let copy = UnsafeMutablePointer<Element>.allocate(capacity: max(1, values.count))
    copy.initialize(from: values, count: values.count)
    pointer = UnsafePointer(copy)
  }

  deinit { pointer.deallocate() }
}
