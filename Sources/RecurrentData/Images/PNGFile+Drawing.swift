import RecurrentFiles

extension PNGFile {
  /// The picture while it is drawn.
  struct Canvas {
    let width: Int
    let white: Int
    let background: Int
    var rgb: [UInt16]
    var isTransparent = false

    init(width: Int, height: Int, white: Int, background: ImageReading.Background) {
      self.width = width
      self.white = white
      self.background = background.level(white: white)
      rgb = [UInt16](repeating: 0, count: 3 * width * height)
    }

    /// Lays a pixel on the background; all numbers are 0 to ``white``.
    mutating func put(_ red: Int, _ green: Int, _ blue: Int, alpha: Int, x: Int, y: Int) {
      let place = 3 * (y * width + x)
      if alpha < white { isTransparent = true }
      for (index, value) in [red, green, blue].enumerated() {
        rgb[place + index] = UInt16(
          (value * alpha + background * (white - alpha) + white / 2) / white)
      }
    }
  }

  /// Takes the filters back, in place, of the rows that begin at byte `first`.
  static func unfilter(
    _ rows: inout [UInt8], from first: Int, _ header: Header
  ) throws(Failure) {
    let step = max(1, header.colour.samples * header.depth / 8)
    let stride = 1 + header.rowBytes
    for row in 0..<header.height {
      let start = first + row * stride + 1
      let filter = rows[start - 1]
      guard filter <= 4 else {
        throw Failure(
          place: "row \(row)", problem: "found filter type \(filter), expected 0 to 4")
      }
      if filter == 0 { continue }
      for place in 0..<header.rowBytes {
        let left = place >= step ? Int(rows[start + place - step]) : 0
        let up = row > 0 ? Int(rows[start + place - stride]) : 0
        let corner = row > 0 && place >= step ? Int(rows[start + place - stride - step]) : 0
        let guess =
          switch filter {
          case 1: left
          case 2: up
          case 3: (left + up) / 2
          default: paeth(left, up, corner)
          }
        rows[start + place] &+= UInt8(guess)
      }
    }
  }

  /// The neighbour that is nearest to left + up - corner.
  private static func paeth(_ left: Int, _ up: Int, _ corner: Int) -> Int {
    let estimate = left + up - corner
    let (a, b, c) = (abs(estimate - left), abs(estimate - up), abs(estimate - corner))
    return a <= b && a <= c ? left : b <= c ? up : corner
  }

  /// Puts the pixels of a pass where they belong.
  static func draw(
    _ rows: [UInt8], from first: Int, _ pass: Pass, _ parts: Parts, on canvas: inout Canvas
  ) throws(Failure) {
    let header = pass.header
    let white = canvas.white
    let colour = header.colour
    let most = (1 << header.depth) - 1
    let entries = parts.palette.count / 3
    if colour == .palette, entries == 0 || entries > 256 || parts.palette.count % 3 != 0 {
      throw Failure(
        place: "PLTE", problem: "found \(parts.palette.count) bytes, expected 3 for each colour")
    }
    // Grey and RGB pictures may name one colour that is transparent, two bytes a sample.
    let key = stride(from: 0, to: parts.transparency.count - 1, by: 2).map {
      Int(parts.transparency[$0]) << 8 | Int(parts.transparency[$0 + 1])
    }
    let hasKey = key.count == colour.samples && (colour == .grey || colour == .rgb)
    var samples = [Int](repeating: 0, count: colour.samples)
    for row in 0..<header.height {
      let start = first + row * (1 + header.rowBytes) + 1
      for column in 0..<header.width {
        for index in samples.indices {
          samples[index] = sample(
            rows, start, column * samples.count + index, depth: header.depth)
        }
        func shade(_ index: Int) -> Int { (samples[index] * white + most / 2) / most }
        var alpha = hasKey && samples == key ? 0 : white
        var pixel: (Int, Int, Int)
        switch colour {
        case .grey, .greyAlpha:
          pixel = (shade(0), shade(0), shade(0))
          if colour == .greyAlpha { alpha = shade(1) }
        case .rgb, .rgba:
          pixel = (shade(0), shade(1), shade(2))
          if colour == .rgba { alpha = shade(3) }
        case .palette:
          let entry = samples[0]
          guard entry < entries else {
            throw Failure(
              place: "row \(row), column \(column)",
              problem: "found colour \(entry), the palette has \(entries)")
          }
          let colours = parts.palette[3 * entry..<3 * entry + 3].map { Int($0) }
          pixel = (colours[0], colours[1], colours[2])
          if entry < parts.transparency.count { alpha = Int(parts.transparency[entry]) }
        }
        canvas.put(
          pixel.0, pixel.1, pixel.2, alpha: alpha, x: pass.x + column * pass.columns,
          y: pass.y + row * pass.rows)
      }
    }
  }

  private static func sample(_ rows: [UInt8], _ start: Int, _ index: Int, depth: Int) -> Int {
    switch depth {
    case 16: return Int(rows[start + 2 * index]) << 8 | Int(rows[start + 2 * index + 1])
    case 8: return Int(rows[start + index])
    default:
      let bit = index * depth
      return Int(rows[start + bit / 8]) >> (8 - depth - bit % 8) & ((1 << depth) - 1)
    }
  }
}
