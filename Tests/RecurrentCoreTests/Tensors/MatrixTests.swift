import TestSupport
import Testing

@testable import RecurrentCore

/// A matrix seen in another way is what a copy with these elements would be.
@Suite struct MatrixTests {
  private static let (rows, columns) = (7, 5)
  private static let tensor = Tensor(
    SeededGenerator.floats(rows * columns, seed: 1), shape: [rows, columns])

  /// Ways to look at the rows and columns, and the element that stands at each place then.
  private static let views:
    [(name: String, view: Matrix, element: @Sendable (Int, Int) -> (Int, Int))] = {
      let (m, table) = (tensor.matrix, IndexTable(count: 4))
      for (place, row) in [6, 0, 6, 3].enumerated() { table[place] = Int32(row) }
      let named = [6, 0, 6, 3]
      return [
        ("whole", m, { ($0, $1) }),
        ("transposed", m.transposed, { ($1, $0) }),
        ("rows", m.rows(2..<6), { ($0 + 2, $1) }),
        ("columns", m.columns(1..<4), { ($0, $1 + 1) }),
        ("columns, transposed", m.columns(1..<4).transposed, { ($1, $0 + 1) }),
        ("reversed", m.reversed, { (6 - $0, $1) }),
        ("reversed, cut", m.reversed.rows(1..<3).columns(2..<5), { (5 - $0, $1 + 2) }),
        ("reversed, transposed", m.reversed.transposed, { (6 - $1, $0) }),
        ("named", m.rows(at: table, count: 4), { (named[$0], $1) }),
        ("named, cut", m.rows(at: table, count: 4).rows(1..<3), { (named[$0 + 1], $1) }),
        ("named, from", m.rows(at: table.suffix(from: 2), count: 2), { (named[$0 + 2], $1) }),
        (
          "named, columns, transposed", m.rows(at: table, count: 4).columns(3..<5).transposed,
          { (named[$1], $0 + 3) }
        ),
      ]
    }()

  private static func copy(_ index: Int) -> Tensor {
    let (_, view, element) = views[index]
    return Tensor(
      (0..<view.rows).flatMap { row in
        (0..<view.columns).map { column in
          let (r, c) = element(row, column)
          return tensor[r, c]
        }
      }, shape: [view.rows, view.columns])
  }

  @Test(arguments: views.indices) func asLeftFactor(index: Int) {
    let (name, view, _) = Self.views[index]
    let other = Tensor(SeededGenerator.floats(view.columns * 3, seed: 2), shape: [view.columns, 3])
    let expected = Self.copy(index).matrixProduct(other)
    #expect(Tensor(product: view, other.matrix).isIdentical(to: expected), "\(name)")
  }

  @Test(arguments: views.indices) func asRightFactor(index: Int) {
    let (name, view, _) = Self.views[index]
    guard view.rowIndex == nil, view.columnIndex == nil else { return }  // none is named there
    let other = Tensor(SeededGenerator.floats(view.rows * 3, seed: 2), shape: [3, view.rows])
    let expected = other.matrixProduct(Self.copy(index))
    #expect(Tensor(product: other.matrix, view).isIdentical(to: expected), "\(name)")
    #expect(
      Tensor(product: other.matrix, view.packed()).isIdentical(to: expected), "\(name), packed")
  }

  /// What is written to a part goes there and nowhere else.
  @Test(arguments: [0, 2, 3, 6]) func asResult(index: Int) {
    let (name, part, element) = Self.views[index]
    var result = Self.tensor
    let target = Matrix(
      result.mutableMatrix().storage, from: part.start, rows: part.rows, columns: part.columns,
      stride: part.rowStride)
    let a = Tensor(SeededGenerator.floats(part.rows * 2, seed: 3), shape: [part.rows, 2])
    let b = Tensor(SeededGenerator.floats(2 * part.columns, seed: 4), shape: [2, part.columns])
    let product = a.matrixProduct(b)
    Matrix.multiply(a.matrix, b.matrix, into: target)
    var expected = Self.tensor.elements
    for row in 0..<part.rows {
      for column in 0..<part.columns {
        let (r, c) = element(row, column)
        expected[r * Self.columns + c] = product[row, column]
      }
    }
    #expect(result.elements == expected, "\(name)")
  }

  /// Rows with one target add up, from the first or from the last on.
  @Test(arguments: [(false, Float(0)), (true, 1)]) func rowsAdd(lastFirst: Bool, sum: Float) {
    let table = IndexTable(count: 4)
    for (place, row) in [1, 0, 1, 1].enumerated() { table[place] = Int32(row) }
    let x = Tensor([1, 1, 5, 2, 1e8, 1, -1e8, 1], shape: [4, 2])
    var sums = Tensor([0, 0, 0, 4], shape: [2, 2])
    sums.mutableMatrix().rows(at: table, count: 4).addRows(of: x.matrix, lastFirst: lastFirst)
    #expect(sums.elements == [5, 2, sum, 7])
  }

  @Test func rowsAreCopiedAndColumnsSummed() {
    let copy = Matrix(rows: 7, columns: 5).copying(Self.tensor.matrix.reversed)
    #expect(
      Tensor(storage: copy.storage, shape: [7, 5])
        .isIdentical(to: Self.tensor.rows([6, 5, 4, 3, 2, 1, 0])))
    #expect(
      Tensor(columnSumsOf: Self.tensor.matrix.columns(1..<3))
        .isIdentical(to: Self.tensor.sum(along: 0).slice(1..<3, along: 0)))
  }
}
