import RecurrentKernels
import Testing

extension SequenceCase {
  private var reference: ReferenceCell {
    let none = [Double](repeating: 0, count: gates * hiddenSize)
    return ReferenceCell(
      cell: cell, inputSize: inputSize, hiddenSize: hiddenSize,
      inputWeights: inputWeights.map(Double.init),
      recurrentWeights: recurrentWeights.map(Double.init),
      bias: hasBias ? bias.map(Double.init) : none,
      recurrentBias: hasRecurrentBias ? recurrentBias.map(Double.init) : none)
  }

  /// Checks both passes against the reference, to a few units in the last place of a value of size
  /// 1, more with the depth of the sums. (The worst error seen is half of what is allowed.)
  func check(on paths: [KernelPath], parts: Int = 1) {
    let results = paths.map { ($0, run(on: $0, parts: parts)) }
    let reference = reference
    let size = hiddenSize
    let tolerance = 1e-7 * (4 + Double(inputSize + hiddenSize).squareRoot())

    func row(_ array: [Float], _ at: Int, _ count: Int) -> [Double] {
      array[at..<at + count].map(Double.init)
    }
    func check(
      _ expected: [Double], _ what: String, _ buffer: KeyPath<Result, FloatBuffer>, at: Int
    ) {
      for (path, result) in results {
        for (index, value) in expected.enumerated() {
          let error = abs(Double(result[keyPath: buffer].pointer[at + index]) - value)
          if !(error <= tolerance * (1 + abs(value))) {
            Issue.record(
              "\(path.name) \(description) parts \(parts): \(what)[\(index)] is off by \(error)")
            return
          }
        }
      }
    }

    for b in lengths.indices {
      let length = lengths[b]
      let times = (0..<length).map { time(b, $0) }
      let forward = reference.forward(
        times.map { row(x, (b * steps + $0) * inputSize, inputSize) },
        h: row(h, b * size, size), c: row(c, b * size, size))
      let backward = reference.backward(
        forward,
        outGradients: times.map {
          hasOutGradient
            ? row(outGradient, (b * steps + $0) * size, size) : .init(repeating: 0, count: size)
        },
        hGradient: row(hGradient, b * size, size), cGradient: row(cGradient, b * size, size))

      for (s, step) in forward.enumerated() {
        let packed = results.first?.1.packedRow(b, s) ?? 0
        let place = "row \(b) step \(s)"
        check(step.h, "out \(place)", \.out, at: b * outStride + times[s] * outStepStride)
        if gates > 1 {
          check(step.gates, "gates \(place)", \.gates, at: packed * gates * size)
          let extra = cell == RK_CELL_LSTM ? step.c : step.recurrentN
          check(extra, "extra \(place)", \.extra, at: packed * size)
        }
        check(
          backward.gates[s], "gate gradients \(place)", \.gateGradients,
          at: packed * gates * size)
        if cell == RK_CELL_GRU_RESET_AFTER {
          check(
            backward.recurrentN[s], "extra gradient \(place)", \.extraGradients, at: packed * size)
        } else if cell == RK_CELL_GRU_RESET_BEFORE {
          check(step.recurrentN, "extra after \(place)", \.extraGradients, at: packed * size)
        }
      }
      if let last = forward.last {
        check(last.h, "final h", \.h, at: b * size)
        if cell == RK_CELL_LSTM { check(last.c, "final c", \.c, at: b * size) }
      }
      check(backward.h, "h gradient", \.hGradient, at: b * size)
      if cell == RK_CELL_LSTM { check(backward.c, "c gradient", \.cGradient, at: b * size) }

      for (path, result) in results {
        if length == 0 {  // not a bit of a row without steps changes
          for u in b * size..<(b + 1) * size {
            #expect(result.h.pointer[u].bitPattern == h[u].bitPattern)
            #expect(result.hGradient.pointer[u].bitPattern == hGradient[u].bitPattern)
          }
        }
        let written = Set(times.flatMap { t in (0..<size).map { t * outStepStride + $0 } })
        let untouched = (0..<outStride).allSatisfy {
          written.contains($0) || result.out.isUntouched(b * outStride + $0)
        }
        #expect(untouched, "\(path.name) \(description): wrote beyond row \(b)'s length")
      }
    }
    if let narrow = results.first(where: { $0.0.name == "avx2" }),
      let wide = results.first(where: { $0.0.name == "avx512" })
    {
      #expect(narrow.1.bits == wide.1.bits, "\(description): AVX2 and AVX-512 differ")
    }
  }
}

@Suite struct SequenceTests {
  @Test(arguments: allCells)
  func everyHiddenSize(cell: rk_cell) {
    for (turn, hiddenSize) in awkwardSizes.enumerated() {
      SequenceCase(
        cell, inputSize: 1 + turn % 5, hiddenSize: hiddenSize,
        lengths: hiddenSize > 17 ? [2, 3] : [2, 0, 4, 1, 3], reverse: turn % 2 == 1
      ).check(on: KernelPath.all)
    }
  }

  /// With enough rows that tiles of every height occur, at one step or another.
  @Test(arguments: allCells)
  func everyBatchSize(cell: rk_cell) {
    for batch in Array(1...9) + [17] {
      var numbers = TestNumbers(seed: batch)
      SequenceCase(
        cell, inputSize: 3, hiddenSize: 5 + batch % 3,
        lengths: (0..<batch).map { _ in numbers.below(5) } + [4], reverse: batch % 2 == 0
      ).check(on: KernelPath.all, parts: 1 + batch % 3)
    }
  }

  @Test(arguments: allCells)
  func inputSizes(cell: rk_cell) {
    for inputSize in [1, 2, 8, 16, 33] {
      SequenceCase(cell, inputSize: inputSize, hiddenSize: 6, lengths: [3, 2, 3])
        .check(on: KernelPath.all)
    }
  }

  @Test(arguments: allCells)
  func biasesMayBeAbsent(cell: rk_cell) {
    for variant in 0..<3 {
      SequenceCase(
        cell, inputSize: 2, hiddenSize: 9, lengths: [3, 1, 2], hasBias: variant == 1,
        hasRecurrentBias: variant == 2
      ).check(on: KernelPath.all)
    }
  }

  @Test(arguments: allCells)
  func outputGradientMayBeAbsent(cell: rk_cell) {
    SequenceCase(
      cell, inputSize: 2, hiddenSize: 11, lengths: [3, 1, 2], reverse: true, hasOutGradient: false
    ).check(on: KernelPath.all)
  }

  @Test(arguments: allCells)
  func noRowHasSteps(cell: rk_cell) {
    SequenceCase(cell, inputSize: 2, hiddenSize: 3, lengths: [0, 0]).check(on: KernelPath.all)
  }
}
