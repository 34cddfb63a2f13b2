import RecurrentFiles

/// A picture from a PNG file (W3C PNG, third edition): grey or in colour, with or without
/// transparency, 1 to 16 bits a sample, interlaced or not.
///
/// Every declared size is checked against the file before memory is taken: at most 128 pixels for
/// each byte of the file, or 2²⁰.
struct PNGFile {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// What a pixel is made of.
  enum Colour: UInt8 {
    case grey = 0
    case rgb = 2
    case palette = 3
    case greyAlpha = 4
    case rgba = 6

    /// Samples of a pixel.
    var samples: Int {
      switch self {
      case .grey, .palette: 1
      case .greyAlpha: 2
      case .rgb: 3
      case .rgba: 4
      }
    }

    /// Bits that a sample may have.
    var depths: [Int] {
      switch self {
      case .grey: [1, 2, 4, 8, 16]
      case .palette: [1, 2, 4, 8]
      case .rgb, .greyAlpha, .rgba: [8, 16]
      }
    }
  }

  /// What the header says.
  struct Header {
    var width: Int
    var height: Int
    var depth: Int
    var colour: Colour
    var isInterlaced: Bool

    /// Bytes of a row, without its filter type.
    var rowBytes: Int { (width * colour.samples * depth + 7) / 8 }
    /// Bytes of all rows, with their filter types.
    var size: Int { (1 + rowBytes) * height }

    /// The smaller pictures that the file holds one after the other (Adam7), or the whole one.
    var passes: [Pass] {
      guard isInterlaced else { return [Pass(header: self)] }
      let grids = [
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
        (0, 1, 1, 2),
      ]
      return grids.compactMap { x, y, columns, rows in
        var header = self
        header.width = (width - x + columns - 1) / columns
        header.height = (height - y + rows - 1) / rows
        guard header.width > 0, header.height > 0 else { return nil }
        return Pass(header: header, x: x, y: y, columns: columns, rows: rows)
      }
    }
  }

  /// A part of the picture: where its first pixel stands, and how far the next ones are.
  struct Pass {
    var header: Header
    var x = 0
    var y = 0
    var columns = 1
    var rows = 1
  }

  private struct Failure: Error {
    var place: String
    var problem: String
    var advice: String?
  }

  let width: Int
  let height: Int
  /// `[H, W, 3]`, 0 to ``white``; transparent pixels lie on the background.
  let rgb: [UInt16]
  /// The number of white: 65535 with 16 bits a sample, else 255.
  let white: Int
  /// Whether something of the background is seen.
  let isTransparent: Bool
  /// Whether red, green and blue are alike everywhere.
  var isGrey: Bool {
    stride(from: 0, to: rgb.count, by: 3).allSatisfy { (place: Int) -> Bool in
      let red = rgb[place]
      return rgb[place + 1] == red && rgb[place + 2] == red
    }
  }

  /// Decodes the bytes of a file.
  init(
    _ bytes: [UInt8], source: String, background: ImageReading.Background = .white
  ) throws(DataError) {
    try OtherPictures.check(bytes, path: source)
    do throws(Failure) {
      let parts = try Self.parts(bytes)
      let header = parts.header
      let passes = header.passes
      let expected = passes.reduce(0) { $0 + $1.header.size }
      var rows: [UInt8]
      do throws(Zlib.Failure) {
        rows = try Zlib.unpacked(parts.packed, .zlib, limit: expected)
      } catch {
        throw Failure(place: "IDAT", problem: error.problem)
      }
      guard rows.count == expected else {
        throw Failure(
          place: "IDAT", problem: "unpacks to \(rows.count) bytes, expected \(expected)")
      }
      (width, height) = (header.width, header.height)
      white = header.depth == 16 ? 65535 : 255
      var canvas = Canvas(width: width, height: height, white: white, background: background)
      var start = 0
      for pass in passes {
        try Self.unfilter(&rows, from: start, pass.header)
        try Self.draw(rows, from: start, pass, parts, on: &canvas)
        start += pass.header.size
      }
      (rgb, isTransparent) = (canvas.rgb, canvas.isTransparent)
    } catch {
      throw DataError(
        file: source, place: error.place, problem: error.problem,
        advice: error.advice ?? "The file is damaged or not PNG")
    }
  }

  /// The picture while it is drawn.
  private struct Canvas {
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

  private struct Parts {
    var header: Header
    var palette: [UInt8] = []
    var transparency: [UInt8] = []
    var packed: [UInt8] = []
  }

  private static func parts(_ bytes: [UInt8]) throws(Failure) -> Parts {
    guard bytes.starts(with: signature) else {
      throw Failure(place: "signature", problem: "is not that of a PNG file")
    }
    var parts: Parts?
    var offset = 8
    while true {
      guard bytes.count - offset >= 12 else {
        throw Failure(place: "byte \(offset)", problem: "the file ends before its last chunk")
      }
      let length = number(bytes, offset)
      let name = String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self)
      guard length <= bytes.count - offset - 12 else {
        throw Failure(
          place: "byte \(offset)",
          problem: "a chunk promises \(length) bytes, found \(bytes.count - offset - 12)")
      }
      let data = bytes[offset + 8..<offset + 8 + length]
      let isCritical = bytes[offset + 4] & 0x20 == 0
      if isCritical || name == "tRNS" {
        let stated = UInt32(truncatingIfNeeded: number(bytes, offset + 8 + length))
        guard Zlib.checksum(of: bytes[offset + 4..<offset + 8 + length]) == stated else {
          throw Failure(place: "chunk at byte \(offset)", problem: "its checksum is wrong")
        }
      }
      offset += 12 + length
      guard parts != nil || name == "IHDR" else {
        throw Failure(place: "byte 8", problem: "expected the chunk IHDR first")
      }
      switch name {
      case "IHDR" where parts == nil: parts = Parts(header: try header(data, of: bytes.count))
      case "PLTE": parts?.palette = Array(data)
      case "tRNS": parts?.transparency = Array(data)
      case "IDAT": parts?.packed += data
      case "IEND":
        if let parts { return parts }
      default:
        guard !isCritical else {
          throw Failure(place: "byte \(offset)", problem: "found a chunk that is not known")
        }
      }
    }
  }

  private static func header(
    _ data: ArraySlice<UInt8>, of size: Int
  ) throws(Failure) -> Header {
    let data = Array(data)
    guard data.count == 13 else {
      throw Failure(place: "IHDR", problem: "found \(data.count) bytes, expected 13")
    }
    let (width, height, depth) = (number(data, 0), number(data, 4), Int(data[8]))
    guard (1...1 << 24).contains(width), (1...1 << 24).contains(height) else {
      throw Failure(
        place: "IHDR", problem: "found a size of \(width) × \(height), expected 1 to 16777216")
    }
    guard let colour = Colour(rawValue: data[9]), colour.depths.contains(depth) else {
      throw Failure(
        place: "IHDR", problem: "found colour type \(data[9]) with \(depth) bits, which is not PNG")
    }
    guard data[10] == 0, data[11] == 0, data[12] <= 1 else {
      throw Failure(place: "IHDR", problem: "found a method that is not PNG's")
    }
    let most = max(1 << 20, 128 * size)
    guard width * height <= most else {
      throw Failure(
        place: "IHDR",
        problem: "promises \(width) × \(height) pixels in a file of \(size) bytes; at most \(most) "
          + "are taken from so few", advice: "Make the picture smaller")
    }
    return Header(
      width: width, height: height, depth: depth, colour: colour, isInterlaced: data[12] == 1)
  }

  private static func number(_ bytes: [UInt8], _ offset: Int) -> Int {
    bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
  }

  /// Takes the filters back, in place, of the rows that begin at byte `first`.
  private static func unfilter(
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
  private static func draw(
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
