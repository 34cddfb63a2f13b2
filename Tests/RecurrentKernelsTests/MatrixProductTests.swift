import RecurrentKernels
import TestSupport
import Testing

/// A product with its expected result in double precision.
private struct ProductCase {
  let rows: Int
  let columns: Int
  let depth: Int
  let transposedA: Bool
  let transposedB: Bool
  let indexed: Bool
  let start: Start
  let a: [Float]
  let b: [Float]
  let c: [Float]
  let bias: [Float]
  let aRows: [Int32]
  let aDepths: [Int32]
  let cRows: [Int32]

  enum Start: Int { case zero, bias, c }

  // Rows and depths that no index names, and floats between the rows of a matrix.
  static let spare = 3
  static let gap = 5

  var aRowCount: Int { indexed ? rows + Self.spare : rows }
  var aDepthCount: Int { indexed ? depth + Self.spare : depth }
  var aStride: Int { (transposedA ? aRowCount : aDepthCount) + Self.gap }
  var bStride: Int { (transposedB ? depth : columns) + Self.gap }
  var cRowCount: Int { indexed ? rows + Self.spare : rows }
  var cStride: Int { columns + Self.gap }

  init(
    _ rows: Int, _ columns: Int, _ depth: Int, transposedA: Bool = false,
    transposedB: Bool = false, indexed: Bool = false, start: Start = .zero
  ) {
    (self.rows, self.columns, self.depth) = (rows, columns, depth)
    (self.transposedA, self.transposedB) = (transposedA, transposedB)
    (self.indexed, self.start) = (indexed, start)
    let spare = indexed ? Self.spare : 0
    let (aRowCount, aDepthCount) = (rows + spare, depth + spare)
    var numbers = TestNumbers(seed: rows * 1_000_003 + columns * 1009 + depth)
    a = numbers.floats(
      transposedA
        ? aDepthCount * (aRowCount + Self.gap) : aRowCount * (aDepthCount + Self.gap))
    b = numbers.floats(
      transposedB ? columns * (depth + Self.gap) : depth * (columns + Self.gap))
    c = numbers.floats((rows + spare) * (columns + Self.gap))
    bias = numbers.floats(columns)
    aRows = Array(numbers.shuffled(aRowCount).prefix(rows))
    aDepths = Array(numbers.shuffled(aDepthCount).prefix(depth))
    cRows = Array(numbers.shuffled(rows + spare).prefix(rows))
  }

  /// C after the product on this path; `packed`: with all of B packed before.
  func run(on path: KernelPath, packed isPacked: Bool = false) -> FloatBuffer {
    let table = path.table
    let (a, b, c) = (FloatBuffer(a), FloatBuffer(b), FloatBuffer(c))
    let bias = FloatBuffer(bias)
    let workspace = FloatBuffer(
      count: Int(table.multiply_workspace(Int64(rows), Int64(columns), Int64(depth))))
    aRows.withUnsafeBufferPointer { aRows in
      aDepths.withUnsafeBufferPointer { aDepths in
        cRows.withUnsafeBufferPointer { cRows in
          var product = rk_matrix_product(
            rows: Int64(rows), columns: Int64(columns), depth: Int64(depth),
            a: a.pointer,
            a_row_stride: Int64(transposedA ? 1 : aStride),
            a_depth_stride: Int64(transposedA ? aStride : 1),
            b: b.pointer,
            b_depth_stride: Int64(transposedB ? 1 : bStride),
            b_column_stride: Int64(transposedB ? bStride : 1),
            c: c.pointer, c_row_stride: Int64(cStride),
            a_row_index: indexed ? aRows.baseAddress : nil,
            a_depth_index: indexed ? aDepths.baseAddress : nil,
            c_row_index: indexed ? cRows.baseAddress : nil,
            bias: start == .bias ? UnsafePointer(bias.pointer) : nil,
            accumulate: start == .c, also: nil, packed_b: nil)
          let packed = FloatBuffer(
            count: Int(table.packed_product_size(product.columns, product.depth)))
          if isPacked {
            table.pack_product(&product, packed.pointer)
            product.packed_b = UnsafePointer(packed.pointer)
          }
          table.multiply(&product, workspace.pointer)
          #expect(packed.marginIsIntact)
        }
      }
    }
    #expect(workspace.marginIsIntact, "workspace of \(self.description) on \(path.name)")
    #expect(c.marginIsIntact)
    return c
  }

  var description: String {
    "\(rows)×\(columns)×\(depth) tA \(transposedA) tB \(transposedB) indexed \(indexed) \(start)"
  }

  /// Checks each element against the sum in double precision, within the error of `depth`
  /// roundings, and that nothing else of C changed.
  func check(on paths: [KernelPath]) {
    let results = paths.map { ($0, run(on: $0)) }
    var written = Set<Int>()
    for m in 0..<rows {
      for n in 0..<columns {
        let row = indexed ? Int(cRows[m]) : m
        let at = row * cStride + n
        written.insert(at)
        var sum = 0.0
        var size = 0.0
        switch start {
        case .zero: break
        case .bias: sum = Double(bias[n])
        case .c: sum = Double(c[at])
        }
        size = abs(sum)
        for k in 0..<depth {
          let (i, j) = indexed ? (Int(aRows[m]), Int(aDepths[k])) : (m, k)
          let x = Double(transposedA ? a[j * aStride + i] : a[i * aStride + j])
          let term = x * Double(transposedB ? b[n * bStride + k] : b[k * bStride + n])
          sum += term
          size += abs(term)
        }
        let bound = Double(depth + 2) * 0x1p-24 * size
        for (path, result) in results {
          let error = abs(Double(result.pointer[at]) - sum)
          if !(error <= bound) {
            Issue.record("\(path.name) \(description): C[\(m), \(n)] is off by \(error) > \(bound)")
            return
          }
        }
      }
    }
    for (path, result) in results {
      let changed = c.indices.filter {
        !written.contains($0) && result.pointer[$0].bitPattern != c[$0].bitPattern
      }
      #expect(changed.isEmpty, "\(path.name) \(description): wrote outside C")
    }
    if let narrow = results.first(where: { $0.0.name == "avx2" }),
      let wide = results.first(where: { $0.0.name == "avx512" })
    {
      #expect(narrow.1.bits == wide.1.bits, "\(description): AVX2 and AVX-512 differ")
    }
  }
}

@Suite struct MatrixProductTests {
  /// Each dimension swept while the others stand at odd sizes; layouts, indices and starts take
  /// turns.
  @Test(arguments: [0, 1, 2])
  func everySizeOfADimension(dimension: Int) {
    for (turn, size) in cases(awkwardSizes, inDebug: 12).enumerated() {
      for layout in 0..<4 {
        var sizes = [7, 19, 11]
        sizes[dimension] = size
        ProductCase(
          sizes[0], sizes[1], sizes[2], transposedA: layout & 1 == 1, transposedB: layout & 2 == 2,
          indexed: (turn + layout) % 2 == 0,
          start: .init(rawValue: (turn + layout) % 3) ?? .zero
        ).check(on: KernelPath.all)
      }
    }
  }

  /// Every layout with every start, with and without indices.
  @Test func everyVariant() {
    for variant in 0..<24 {
      ProductCase(
        29, 37, 13, transposedA: variant & 1 == 1, transposedB: variant & 2 == 2,
        indexed: variant & 4 == 4, start: .init(rawValue: variant / 8) ?? .zero
      ).check(on: KernelPath.all)
    }
  }

  @Test func randomSizes() {
    var numbers = TestNumbers(seed: 5)
    for turn in 0..<(isOptimized ? 40 : 8) {
      ProductCase(
        1 + numbers.below(50), 1 + numbers.below(70), 1 + numbers.below(40),
        transposedA: numbers.below(2) == 1, transposedB: numbers.below(2) == 1,
        indexed: numbers.below(2) == 1, start: .init(rawValue: turn % 3) ?? .zero
      ).check(on: KernelPath.all)
    }
  }

  /// Sizes beyond the blocks of rows, columns and depth.
  @Test func blocks() {
    ProductCase(3, 1061, 19, start: .bias).check(on: KernelPath.all)
    ProductCase(30, 1061, 3, transposedB: true).check(on: KernelPath.all)
    ProductCase(401, 35, 11, transposedA: true, start: .bias).check(on: KernelPath.all)
    ProductCase(27, 21, 531, transposedB: true, indexed: true, start: .bias)
      .check(on: KernelPath.all)
    ProductCase(5, 65, 531, transposedA: true, start: .c).check(on: KernelPath.all)
  }

  /// Without depth, C is its start; without rows or columns, nothing is written. Sizes lie around
  /// the rows of a block.
  @Test(
    arguments: cases([0, 193, 1, 191, 192, 400], inDebug: 2),
    cases([0, 193, 1, 191, 192, 400], inDebug: 2))
  func nothingInADimension(_ size: Int, _ other: Int) {
    for start in [ProductCase.Start.zero, .bias, .c] {
      ProductCase(size, other, 0, indexed: start == .bias, start: start)
        .check(on: KernelPath.all)
      ProductCase(0, size, other, start: start).check(on: KernelPath.all)
      ProductCase(size, 0, other, start: start).check(on: KernelPath.all)
    }
  }

  /// A row has the same bits in a large product as alone, so work may be split among threads
  /// anywhere.
  @Test(arguments: KernelPath.all)
  func rowsAloneGiveTheSameBits(path: KernelPath) {
    let (rows, columns, depth) = (29, 43, 300)
    let whole = ProductCase(rows, columns, depth)
    let result = whole.run(on: path)
    let a = FloatBuffer(whole.a)
    let b = FloatBuffer(whole.b)
    let workspace = FloatBuffer(
      count: Int(path.table.multiply_workspace(Int64(rows), Int64(columns), Int64(depth))))
    for (first, count) in [(0, 1), (13, 1), (5, 11), (17, 12)] {
      for (firstColumn, columnCount) in [(0, columns), (3, 1), (7, 33)] {
        let c = FloatBuffer(count: count * columnCount)
        var product = rk_matrix_product(
          rows: Int64(count), columns: Int64(columnCount), depth: Int64(depth),
          a: a.pointer + first * whole.aStride, a_row_stride: Int64(whole.aStride),
          a_depth_stride: 1, b: b.pointer + firstColumn, b_depth_stride: Int64(whole.bStride),
          b_column_stride: 1, c: c.pointer, c_row_stride: Int64(columnCount), a_row_index: nil,
          a_depth_index: nil, c_row_index: nil, bias: nil, accumulate: false, also: nil,
          packed_b: nil)
        path.table.multiply(&product, workspace.pointer)
        for m in 0..<count {
          for n in 0..<columnCount {
            let expected = result.pointer[(first + m) * whole.cStride + firstColumn + n]
            #expect(c.pointer[m * columnCount + n].bitPattern == expected.bitPattern)
          }
        }
      }
    }
  }

  /// B packed before gives the same bits as B packed on the way or read in place.
  @Test(arguments: KernelPath.all, [false, true])
  func packedBefore(path: KernelPath, transposedB: Bool) {
    for (rows, columns, depth) in [(1, 70, 40), (6, 33, 9), (29, 43, 600), (25, 1090, 520)] {
      let product = ProductCase(rows, columns, depth, transposedB: transposedB, start: .bias)
      let (plain, packed) = (product.run(on: path), product.run(on: path, packed: true))
      #expect(packed.bits == plain.bits, "\(product.description)")
    }
  }

  /// Products that share B have the bits of products alone, also where one row of A stands for all
  /// of the depth, and where there is no depth.
  @Test(arguments: KernelPath.all, [0, 7, 600])
  func productsThatShareB(path: KernelPath, depth: Int) {
    let columns = 43
    let whole = ProductCase(29, columns, max(1, depth))
    let a = FloatBuffer(whole.a)
    let b = FloatBuffer(whole.b)
    let rows = [5, 0, 12, 1, 11]
    let workspace = FloatBuffer(
      count: Int(path.table.multiply_workspace(12, Int64(columns), Int64(depth))))
    func products(_ targets: [FloatBuffer]) -> [rk_matrix_product] {
      rows.indices.map { index in
        let first = rows[..<index].reduce(0, +)
        return rk_matrix_product(
          rows: Int64(rows[index]), columns: Int64(columns), depth: Int64(depth),
          a: a.pointer + first * whole.aStride, a_row_stride: Int64(whole.aStride),
          a_depth_stride: rows[index] == 1 ? 0 : 1, b: b.pointer,
          b_depth_stride: Int64(whole.bStride), b_column_stride: 1, c: targets[index].pointer,
          c_row_stride: Int64(columns), a_row_index: nil, a_depth_index: nil, c_row_index: nil,
          bias: nil, accumulate: index == 2, also: nil, packed_b: nil)
      }
    }
    func targets() -> [FloatBuffer] {
      rows.map { FloatBuffer((0..<$0 * columns).map { Float($0 % 17) }) }
    }
    let (together, alone) = (targets(), targets())
    for var product in products(alone) where product.rows > 0 {
      path.table.multiply(&product, workspace.pointer)
    }
    var chain = products(together)
    chain.withUnsafeMutableBufferPointer { chain in
      for index in chain.indices.dropLast() {
        chain[index].also = UnsafePointer(chain.baseAddress! + index + 1)
      }
      path.table.multiply(chain.baseAddress!, workspace.pointer)
    }
    #expect(workspace.marginIsIntact)
    for (index, count) in rows.enumerated() {
      #expect(together[index].marginIsIntact)
      for at in 0..<count * columns {
        #expect(
          together[index].pointer[at].bitPattern == alone[index].pointer[at].bitPattern)
      }
    }
    #expect(alone[3].pointer[0] != 0 || depth == 0)
  }
}
