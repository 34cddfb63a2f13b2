import RecurrentKernels
import TestSupport
import Testing

/// Weights that are packed in fewer bits give the bits of the same weights packed as floats.
@Suite struct NarrowWeightTests {
  private static let formats = [RK_BFLOAT16, RK_INT8]

  /// Sizes at which panels and tiles of every path begin and end, all heights of tiles.
  @Test(arguments: allCells, formats)
  func sameBitsAsFloats(cell: rk_cell, format: rk_weight_format) {
    for (turn, hiddenSize) in cases(
      [17, 33, 4] + Array(1...3) + Array(5...9) + [15, 16, 31, 64, 65], inDebug: 3
    )
    .enumerated() {
      let lengths = Array(repeating: 3, count: 1 + turn % 9) + [2, 0, 1]
      let narrow = SequenceCase(
        cell, inputSize: 1 + turn % 6, hiddenSize: hiddenSize, lengths: lengths,
        reverse: turn % 2 == 1, hasBias: turn % 3 > 0
      ).rounded(to: format)
      for path in KernelPath.all {
        let floats = narrow.inFloat32.run(on: path)
        #expect(narrow.run(on: path).bits == floats.bits, "\(path.name) \(narrow.description)")
        #expect(narrow.run(on: path, keep: false).out.bits == floats.out.bits)
      }
    }
  }

  @Test(arguments: allCells, formats)
  func agreesWithTheReference(cell: rk_cell, format: rk_weight_format) {
    for hiddenSize in [1, 5, 16, 19, 33] {
      SequenceCase(cell, inputSize: 3, hiddenSize: hiddenSize, lengths: [4, 0, 2, 4, 1])
        .rounded(to: format).check(on: KernelPath.all, parts: 2)
    }
  }

  @Test(arguments: allCells, formats)
  func numberOfParts(cell: rk_cell, format: rk_weight_format) {
    let many = SequenceCase(
      cell, inputSize: 3, hiddenSize: 19, lengths: [4, 0, 7, 7, 1, 5, 7, 2, 7, 6, 7, 7, 3]
    ).rounded(to: format)
    let few = SequenceCase(cell, inputSize: 37, hiddenSize: 150, lengths: [6, 1])
      .rounded(to: format)
    for path in KernelPath.all {
      let whole = many.run(on: path).bits
      for parts in cases([3, 2, 30]) { #expect(many.run(on: path, parts: parts).bits == whole) }
      let one = few.run(on: path).bits
      #expect(few.run(on: path, startsAhead: true).bits == one)
      for parts in cases([3, 2]) {
        #expect(few.run(on: path, parts: parts, sharesUnits: true).bits == one)
        #expect(few.run(on: path, parts: parts, sharesUnits: true, startsAhead: true).bits == one)
      }
    }
  }

  /// A row alone, and a sequence cut in two.
  @Test(arguments: allCells, formats)
  func rowsAndChunks(cell: rk_cell, format: rk_weight_format) {
    let layer = SequenceCase(cell, inputSize: 3, hiddenSize: 21, lengths: [5, 5, 2, 5, 4])
      .rounded(to: format)
    for path in KernelPath.all {
      let whole = layer.run(on: path, keep: false)
      for row in layer.lengths.indices {
        let alone = layer.rows([row]).run(on: path, keep: false)
        let place = row * layer.outStride..<(row + 1) * layer.outStride
        #expect(alone.out.bits == Array(whole.out.bits[place]))
      }
      let head = layer.window(from: 0, to: 2).run(on: path, keep: false)
      var tail = layer.window(from: 2, to: layer.steps)
      tail.h = head.h.values
      tail.c = head.c.values
      let end = tail.run(on: path, keep: false)
      #expect(end.h.bits == whole.h.bits && end.c.bits == whole.c.bits)
    }
  }

  @Test(arguments: KernelPath.all)
  func sizesInMemory(path: KernelPath) {
    func size(_ format: rk_weight_format) -> Double {
      let none = FloatBuffer(count: 1)
      var weights = rk_cell_weights(
        cell: RK_CELL_LSTM, input_size: 256, hidden_size: 256, recurrent_size: 256,
        input_weights: none.pointer, recurrent_weights: none.pointer, bias: nil,
        recurrent_bias: nil, projection: nil, format: format, input_scales: nil,
        recurrent_scales: nil, projection_scales: nil)
      return Double(path.table.forward_weights_size(&weights))
    }
    #expect((1.99...2).contains(size(RK_FLOAT32) / size(RK_BFLOAT16)))
    #expect((3.9...4).contains(size(RK_FLOAT32) / size(RK_INT8)))
  }
}
