import Foundation
import RecurrentKernels
import TestSupport
import Testing

/// A scan over a batch: random numbers, rows of several lengths, run forwards, backwards or over
/// every other step.
struct ScanCase {
  enum Order: CaseIterable {
    case forward, reverse, holes
  }

  let function: rk_function
  let hiddenSize: Int
  let lengths: [Int]
  let order: Order
  let isShared: Bool
  let p: [Float]  // [B, T, H]
  let q: [Float]  // [B, T, H], or [H]
  let h: [Float]  // [B, H]
  let outGradient: [Float]?
  let hGradient: [Float]

  var time: Int { 2 * (lengths.max() ?? 0) + 1 }

  init(
    _ function: rk_function, hiddenSize: Int, lengths: [Int], order: Order = .forward,
    isShared: Bool, hasOutGradient: Bool = true
  ) {
    (self.function, self.hiddenSize, self.lengths) = (function, hiddenSize, lengths)
    (self.order, self.isShared) = (order, isShared)
    let places = lengths.count * (2 * (lengths.max() ?? 0) + 1)
    var numbers = TestNumbers(seed: 977 * hiddenSize + lengths.count + (isShared ? 1 : 0))
    p = numbers.floats(places * hiddenSize)
    q = numbers.floats(isShared ? hiddenSize : places * hiddenSize)
    h = numbers.floats(lengths.count * hiddenSize)
    outGradient = hasOutGradient ? numbers.floats(places * hiddenSize) : nil
    hGradient = numbers.floats(lengths.count * hiddenSize)
  }

  /// Where step s of a row stands in [B, T].
  func place(_ row: Int, _ step: Int) -> Int {
    switch order {
    case .forward: row * time + step
    case .reverse: row * time + lengths[row] - 1 - step
    case .holes: row * time + 2 * step + 1
    }
  }

  struct Result {
    let out: FloatBuffer
    let h: FloatBuffer
    let pGradient: FloatBuffer
    let qGradient: FloatBuffer
    let hGradient: FloatBuffer
    var buffers: [FloatBuffer] { [out, h, pGradient, qGradient, hGradient] }
    var bits: [[UInt32]] { buffers.map(\.bits) }
  }

  /// Both passes.
  func run(on path: KernelPath, parts: Int = 1) -> Result {
    let (table, batch, width) = (path.table, lengths.count, hiddenSize)
    let result = Result(
      out: FloatBuffer(count: p.count), h: FloatBuffer(h), pGradient: FloatBuffer(count: p.count),
      qGradient: isShared ? FloatBuffer(count: batch * width, of: 0) : FloatBuffer(count: p.count),
      hGradient: FloatBuffer(hGradient))
    let sorted = lengths.indices.sorted { (lengths[$0], $1) > (lengths[$1], $0) }
    let longest = lengths.max() ?? 0
    var (active, offset, places): ([Int32], [Int64], [Int32]) = ([], [], [])
    for step in 0..<longest {
      offset.append(Int64(places.count))
      active.append(Int32(lengths.count { $0 > step }))
      places += sorted.filter { lengths[$0] > step }.map { Int32(place($0, step)) }
    }
    let rows = sorted.map(Int32.init)
    let length = sorted.map { Int32(lengths[$0]) }
    let (ps, qs) = (FloatBuffer(p), FloatBuffer(q))
    let (initial, dout) = (FloatBuffer(h), outGradient.map(FloatBuffer.init))
    // An empty table has an address too.
    withLayout(rows, length, active + [0], offset + [0], places + [0], steps: longest) { layout in
      let stride = isShared ? 0 : Int64(width)
      var forward = rk_scan_forward(
        function: function, hidden_size: Int32(width), layout: layout, p: ps.pointer,
        q: qs.pointer, q_stride: stride, out: result.out.pointer, h: result.h.pointer)
      for part in 0..<parts { table.run_scan(&forward, Int32(part), Int32(parts)) }
      var backward = rk_scan_backward(
        function: function, hidden_size: Int32(width), layout: layout, q: qs.pointer,
        q_stride: stride, out: result.out.pointer, h: initial.pointer,
        out_gradient: dout.map { UnsafePointer($0.pointer) },
        p_gradient: result.pGradient.pointer, q_gradient: result.qGradient.pointer,
        h_gradient: result.hGradient.pointer)
      for part in 0..<parts { table.run_scan_backward(&backward, Int32(part), Int32(parts)) }
    }
    for buffer in result.buffers { #expect(buffer.marginIsIntact) }
    return result
  }

  private func withLayout(
    _ rows: [Int32], _ length: [Int32], _ active: [Int32], _ offset: [Int64], _ places: [Int32],
    steps: Int, _ body: (UnsafePointer<rk_sequence_layout>) -> Void
  ) {
    rows.withUnsafeBufferPointer { rows in
      length.withUnsafeBufferPointer { length in
        active.withUnsafeBufferPointer { active in
          offset.withUnsafeBufferPointer { offset in
            places.withUnsafeBufferPointer { places in
              guard let row = rows.baseAddress, let length = length.baseAddress,
                let active = active.baseAddress, let offset = offset.baseAddress,
                let place = places.baseAddress
              else { return }
              var layout = rk_sequence_layout(
                rows: Int32(lengths.count), steps: Int32(steps), batch_row: row, length: length,
                active: active, offset: offset, place: place)
              body(&layout)
            }
          }
        }
      }
    }
  }

  /// The same in double precision, by the definition: the outputs, and all gradients at once.
  func check(_ result: Result, _ path: KernelPath) {
    func expect(_ buffer: FloatBuffer, _ index: Int, _ expected: Double, _ what: String) {
      let error = abs(Double(buffer.pointer[index]) - expected)
      #expect(
        error <= 1e-6 * (1 + abs(expected)),
        "\(path.name) f \(function.rawValue) H \(hiddenSize) \(order) shared \(isShared) \(what): off by \(error)"
      )
    }
    var touched = Set<Int>()
    for row in lengths.indices {
      for unit in 0..<hiddenSize {
        var states = [Double(h[row * hiddenSize + unit])]
        func at(_ step: Int) -> Int { place(row, step) * hiddenSize + unit }
        func factor(_ step: Int) -> Double { Double(q[isShared ? unit : at(step)]) }
        for step in 0..<lengths[row] {
          let sum = Double(p[at(step)]) + factor(step) * states[step]
          let value =
            switch function {
            case RK_TANH: tanh(sum)
            case RK_RELU: max(0, sum)
            default: sum
            }
          states.append(value)
          expect(result.out, at(step), value, "out at step \(step)")
          touched.insert(at(step))
        }
        let own = row * hiddenSize + unit
        expect(result.h, own, states[lengths[row]], "final state")
        var (dh, sum) = (Double(hGradient[own]), 0.0)
        for step in (0..<lengths[row]).reversed() {
          let y = states[step + 1]
          let slope = function == RK_TANH ? 1 - y * y : function == RK_RELU && y <= 0 ? 0 : 1
          let d = ((outGradient.map { Double($0[at(step)]) } ?? 0) + dh) * slope
          expect(result.pGradient, at(step), d, "gradient of p at step \(step)")
          if !isShared {
            expect(result.qGradient, at(step), d * states[step], "gradient of q at step \(step)")
          }
          sum += d * states[step]
          dh = d * factor(step)
        }
        if isShared { expect(result.qGradient, own, sum, "gradient of q") }
        expect(result.hGradient, own, dh, "gradient of the state")
      }
    }
    for buffer in [result.out, result.pGradient] + (isShared ? [] : [result.qGradient]) {
      #expect((0..<p.count).allSatisfy { touched.contains($0) || buffer.isUntouched($0) })
    }
  }
}

@Suite struct ScanTests {
  static let functions = [RK_IDENTITY, RK_TANH, RK_RELU]
  static let lengths = [3, 0, 6, 1, 6, 4, 5]

  @Test(arguments: functions, [false, true])
  func matchesItsDefinition(function: rk_function, isShared: Bool) {
    for hiddenSize in cases([17, 9, 3, 1, 4, 7, 8, 15, 16, 33], inDebug: 3) {
      for order in ScanCase.Order.allCases {
        let scan = ScanCase(
          function, hiddenSize: hiddenSize, lengths: Self.lengths, order: order,
          isShared: isShared, hasOutGradient: hiddenSize != 9)
        for path in KernelPath.all { scan.check(scan.run(on: path), path) }
      }
    }
  }

  @Test(arguments: functions, [false, true])
  func sameBits(function: rk_function, isShared: Bool) {
    for order in ScanCase.Order.allCases {
      let scan = ScanCase(
        function, hiddenSize: 19, lengths: Self.lengths, order: order, isShared: isShared)
      for path in KernelPath.all {
        let one = scan.run(on: path).bits
        for parts in [2, 3, 5, 30] { #expect(scan.run(on: path, parts: parts).bits == one) }
      }
      let fused = KernelPath.fused.map { scan.run(on: $0).bits }
      for bits in fused { #expect(bits == fused[0]) }
    }
  }

  @Test func aBatchWithoutSteps() {
    let scan = ScanCase(RK_TANH, hiddenSize: 5, lengths: [0, 0], isShared: false)
    for path in KernelPath.all { scan.check(scan.run(on: path), path) }
  }
}
