import RecurrentFiles

/// A picture from a PNG file (W3C PNG, third edition): grey or in colour, with or without
/// transparency, 1 to 16 bits a sample, interlaced or not.
///
/// Every declared size is checked against the file before memory is taken: at most 128 pixels for
/// each byte of the file, or 2²⁰.
struct PNGFile {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The channels that a pixel is made of.
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

  /// The size and kind that the file's header says.
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

  struct Failure: Error {
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

  struct Parts {
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
}
