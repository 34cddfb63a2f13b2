/// What a kernel sees at each place of a grid, side by side, so that a convolution is a matrix
/// product ("im2col").
struct Patches: Sendable {
  /// The places of the grid.
  let places: Int
  /// For each place, the places its kernel sees in row-major order; -1 beyond the edge.
  private let seen: [Int]
  private let kernel: Int

  init(grid: [Int], kernelSize: [Int]) {
    func along(_ dimension: Int) -> [[Int?]] {
      let (size, kernel) = (grid[dimension], kernelSize[dimension])
      return (0..<size).map { center in
        (0..<kernel).map { offset in
          let place = center + offset - (kernel - 1) / 2
          return (0..<size).contains(place) ? place : nil
        }
      }
    }
    places = grid.reduce(1, *)
    kernel = kernelSize.reduce(1, *)
    let columns = along(grid.count - 1)
    let (rows, width) = grid.count == 2 ? (along(0), grid[1]) : ([[0]], grid[0])
    seen = rows.flatMap { rowsSeen in
      columns.flatMap { columnsSeen in
        rowsSeen.flatMap { row in
          columnsSeen.map { column in
            if let row, let column { row * width + column } else { -1 }
          }
        }
      }
    }
  }

  /// `[N, places·C]` to `[N·places, kernel·C]`, zeros beyond the edge.
  func of(_ frames: Tensor) -> Tensor {
    let (count, channels) = (frames.shape[0], frames.shape[1] / places)
    return Tensor(shape: [count * places, kernel * channels]) { y in
      for frame in 0..<count {
        let source = frames.pointer + frame * places * channels
        for (index, place) in seen.enumerated() {
          let target = y + (frame * seen.count + index) * channels
          if place >= 0 {
            target.update(from: source + place * channels, count: channels)
          } else {
            target.update(repeating: 0, count: channels)
          }
        }
      }
    }.recorded(from: [frames]) { [shape = frames.shape] dy in
      // Each place gets the gradients of all patches that it is seen in.
      var dx = Tensor.zeros([count * places, channels])
      let (target, dy) = (dx.mutableMatrix(), dy.reshaped(to: [-1, channels]).matrix)
      for frame in 0..<count {
        for (index, place) in seen.enumerated() where place >= 0 {
          target.add(dy.row(frame * seen.count + index), to: frame * places + place)
        }
      }
      return [dx.reshaped(to: shape)]
    }
  }
}
