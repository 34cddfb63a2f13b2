import RecurrentFiles
internal import RecurrentKernels

/// One thing that a stream does at a step. Places are floats from the start of the stream's memory;
/// what is laid out once is counted in floats from the start of the plan's constants.
enum StreamOperation: Sendable {
  /// A cell of the plain formula on one row, in place of its state. `layout`: an `rk_step`.
  case cell(layout: Int, input: Int, hidden: Int, cell: Int, workspace: Int)
  /// A cell of any formula on all rows. `layout`: an `rk_sequence_forward`.
  case cells(
    layout: Int, input: Int, output: Int, hidden: Int, cell: Int, workspace: Int, count: Int)
  /// bias + x·W of one row. `layout`: an `rk_row_matrix`.
  case rowProduct(layout: Int, input: Int, output: Int)
  /// A matrix product of all rows. `layout`: an `rk_matrix_product`.
  case product(layout: Int, input: Int, output: Int, workspace: Int)
  case map(rk_function, from: Int, to: Int, count: Int)
  case softmax(from: Int, to: Int, rows: Int, width: Int)
  /// Combines each row with one row of constants.
  case constant(rk_operator, from: Int, constants: Int, to: Int, rows: Int, width: Int)
  case combine(rk_operator, Int, Int, to: Int, count: Int)
  case scale(Float, from: Int, to: Int, count: Int)
  /// Shifts and scales each row to mean 0 and variance 1.
  case normalize(epsilon: Float, from: Int, to: Int, rows: Int, width: Int)
  /// A row of `width` floats from each row to each row.
  case copyRows(from: Int, stride: Int, to: Int, toStride: Int, width: Int, rows: Int)
  /// Floats to where they may overlap what they were.
  case move(from: Int, to: Int, count: Int)
  /// The row of a table for each token.
  case lookUp(table: Int, size: Int, from: Int, to: Int, rows: Int, width: Int)
  /// A layer that nothing is laid out for.
  case call(Int)

  /// Does it. No reference is counted, nothing allocated, but by a call.
  @inline(__always)
  func run(
    _ memory: UnsafeMutablePointer<Float>, _ constants: UnsafeMutablePointer<Float>,
    backwards: Bool, call: (Int) -> Void
  ) {
    switch self {
    case .cell(let layout, let input, let hidden, let cell, let workspace):
      let step = at(layout, of: constants, as: rk_step.self)
      step.pointee.run(
        step, memory + input, memory + hidden, memory + cell, memory + workspace, backwards)
    case .cells(
      let layout, let input, let output, let hidden, let cell, let workspace, let count):
      var pass = at(layout, of: constants, as: rk_sequence_forward.self).pointee
      (pass.x, pass.out) = (UnsafePointer(memory + input), memory + output)
      (pass.h, pass.c) = (memory + hidden, memory + cell)
      rk_run_forward(&pass, 0, 1, memory + workspace)
      (memory + hidden).update(from: memory + output, count: count)
    case .rowProduct(let layout, let input, let output):
      let matrix = at(layout, of: constants, as: rk_row_matrix.self)
      let x = memory + input
      matrix.pointee.multiply(matrix, nil, x, x, backwards, memory + output)
    case .product(let layout, let input, let output, let workspace):
      var product = at(layout, of: constants, as: rk_matrix_product.self).pointee
      (product.a, product.c) = (UnsafePointer(memory + input), memory + output)
      rk_multiply(&product, memory + workspace)
    case .map(let function, let from, let to, let count):
      rk_map(function, memory + from, memory + to, Int64(count))
    case .softmax(let from, let to, let rows, let width):
      rk_softmax(memory + from, memory + to, Int64(rows), Int64(width))
    case .constant(let combination, let from, let own, let to, let rows, let width):
      for row in 0..<rows {
        rk_combine(
          combination, memory + from + row * width, 1, constants + own, 1,
          memory + to + row * width, Int64(width))
      }
    case .combine(let combination, let first, let second, let to, let count):
      rk_combine(combination, memory + first, 1, memory + second, 1, memory + to, Int64(count))
    case .scale(let factor, let from, let to, let count):
      rk_scale(factor, 0, memory + from, memory + to, Int64(count))
    case .normalize(let epsilon, let from, let to, let rows, let width):
      for row in 0..<rows {
        LayerNorm.normalize(
          memory + from + row * width, memory + to + row * width, width, epsilon: epsilon)
      }
    case .copyRows(let from, let stride, let to, let toStride, let width, let rows):
      for row in 0..<rows {
        (memory + to + row * toStride).update(from: memory + from + row * stride, count: width)
      }
    case .move(let from, let to, let count):
      (memory + to).update(from: memory + from, count: count)
    case .lookUp(let table, let size, let from, let to, let rows, let width):
      for row in 0..<rows {
        let token = memory[from + row]
        require(
          token >= 0 && token < Float(size),
          "a token of \(size) is from 0 to \(size - 1); row \(row) has \(token)")
        (memory + to + row * width).update(
          from: constants + table + Int(token) * width, count: width)
      }
    case .call(let index): call(index)
    }
  }

  @inline(__always)
  private func at<Value>(
    _ place: Int, of constants: UnsafeMutablePointer<Float>, as: Value.Type
  ) -> UnsafeMutablePointer<Value> {
    UnsafeMutableRawPointer(constants + place).assumingMemoryBound(to: Value.self)
  }
}
