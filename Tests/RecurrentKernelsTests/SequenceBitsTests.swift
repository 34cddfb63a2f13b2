import RecurrentKernels
import TestSupport
import Testing

/// What must not change a bit of a result.
@Suite struct SequenceBitsTests {
  private static let lengths = [4, 0, 7, 7, 1, 5, 7, 2, 7, 6, 7, 7, 3, 7, 7, 7, 7, 7, 7, 7, 7]

  private func layer(_ cell: rk_cell, lengths: [Int] = lengths, reverse: Bool) -> SequenceCase {
    SequenceCase(cell, inputSize: 3, hiddenSize: 19, lengths: lengths, reverse: reverse)
  }

  @Test(arguments: allCells, KernelPath.all)
  func numberOfParts(cell: rk_cell, path: KernelPath) {
    for reverse in [false, true] {
      let layer = layer(cell, reverse: reverse)
      let one = layer.run(on: path).bits
      for parts in cases([3, 30, 2, 5], inDebug: 2) {
        #expect(layer.run(on: path, parts: parts).bits == one)
      }
    }
  }

  /// Few rows: threads share the units, and the input is multiplied for all steps at once.
  @Test(arguments: allCells, KernelPath.all)
  func sharedUnits(cell: rk_cell, path: KernelPath) {
    for (hiddenSize, lengths) in cases([(19, [4, 0, 3]), (150, [6]), (200, [1, 5])]) {
      let layer = SequenceCase(cell, inputSize: 37, hiddenSize: hiddenSize, lengths: lengths)
      let one = layer.run(on: path).bits
      #expect(layer.run(on: path, startsAhead: true).bits == one)
      for parts in [2, 3] {
        #expect(layer.run(on: path, parts: parts, sharesUnits: true).bits == one)
        #expect(layer.run(on: path, parts: parts, sharesUnits: true, startsAhead: true).bits == one)
      }
    }
  }

  @Test(arguments: allCells, KernelPath.all)
  func keepingForTheBackwardPass(cell: rk_cell, path: KernelPath) {
    let layer = layer(cell, reverse: false)
    let kept = layer.run(on: path)
    let inference = layer.run(on: path, keep: false)
    #expect(inference.out.bits == kept.out.bits)
    #expect(inference.h.bits == kept.h.bits)
    #expect(inference.c.bits == kept.c.bits)
  }

  /// A row alone gives what it gives in a batch.
  @Test(arguments: allCells, KernelPath.all)
  func restOfTheBatch(cell: rk_cell, path: KernelPath) {
    for reverse in [false, true] {
      let layer = layer(cell, reverse: reverse)
      let whole = layer.run(on: path)
      for row in cases(layer.lengths.indices, inDebug: 6) {
        let single = layer.rows([row]).run(on: path)
        #expect(single.out.bits == whole.out.bits.slice(row, layer.outStride))
        #expect(single.h.bits == whole.h.bits.slice(row, layer.hiddenSize))
        #expect(single.c.bits == whole.c.bits.slice(row, layer.hiddenSize))
        #expect(single.hGradient.bits == whole.hGradient.bits.slice(row, layer.hiddenSize))
        #expect(single.cGradient.bits == whole.cGradient.bits.slice(row, layer.hiddenSize))
        for step in 0..<layer.lengths[row] {
          let width = layer.gates * layer.hiddenSize
          let packed = whole.packedRow(row, step)
          #expect(
            single.gateGradients.bits.slice(step, width)
              == whole.gateGradients.bits.slice(packed, width))
        }
      }
    }
  }

  /// A sequence cut in two, its state passed on, gives what it gives whole.
  @Test(arguments: allCells, KernelPath.all)
  func chunks(cell: rk_cell, path: KernelPath) {
    let layer = layer(cell, reverse: false)
    let whole = layer.run(on: path, keep: false)
    for cut in [1, 3, 6] {
      let head = layer.window(from: 0, to: cut)
      let headResult = head.run(on: path, keep: false)
      var tail = layer.window(from: cut, to: layer.steps)
      tail.h = headResult.h.values
      tail.c = headResult.c.values
      let tailResult = tail.run(on: path, keep: false)
      #expect(tailResult.h.bits == whole.h.bits)
      #expect(tailResult.c.bits == whole.c.bits)
      for row in layer.lengths.indices {
        for time in 0..<layer.lengths[row] {
          let (part, from, at) =
            time < cut ? (head, headResult, time) : (tail, tailResult, time - cut)
          let here = from.out.pointer + row * part.outStride + at * part.outStepStride
          let there = whole.out.pointer + row * layer.outStride + time * layer.outStepStride
          let same = (0..<layer.hiddenSize).allSatisfy {
            here[$0].bitPattern == there[$0].bitPattern
          }
          #expect(same, "row \(row), step \(time)")
        }
      }
    }
  }
}

extension Array {
  fileprivate func slice(_ row: Int, _ width: Int) -> [Element] {
    Array(self[row * width..<(row + 1) * width])
  }
}
