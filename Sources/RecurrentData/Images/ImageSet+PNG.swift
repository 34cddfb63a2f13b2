import RecurrentFiles

/// A picture as far as all of a set are needed to know its numbers.
private struct Picture {
  let path: String
  let height, width, white: Int
  let isTransparent: Bool
  /// `[H, W]` if it is grey, a third of the memory, else `[H, W, 3]`.
  let samples: [UInt16]
  var hasColours: Bool { samples.count > height * width }

  init(
    _ path: String, _ bytes: [UInt8]?, background: ImageReading.Background
  ) throws(DataError) {
    let bytes = if let bytes { bytes } else { try readFile(path) }
    let file = try PNGFile(bytes, source: path, background: background)
    self.path = path
    (height, width, white) = (file.height, file.width, file.white)
    isTransparent = file.isTransparent
    samples =
      file.isGrey ? stride(from: 0, to: file.rgb.count, by: 3).map { file.rgb[$0] } : file.rgb
  }

  /// The image's numbers with another number of white, `[H, W, C]`.
  func pixels(white: Int, channels: Int) -> [Float] {
    let samples = self.samples.map { (Int($0) * white + self.white / 2) / self.white }
    switch (hasColours, channels) {
    case (false, 3): return samples.flatMap { [Float](repeating: Float($0), count: 3) }
    case (true, 1):
      // Brightness by ITU-R BT.601, as a whole number.
      return stride(from: 0, to: samples.count, by: 3).map { (place: Int) -> Float in
        let (red, green, blue) = (samples[place], samples[place + 1], samples[place + 2])
        let thousands: Int = 299 * red + 587 * green + 114 * blue
        return Float((thousands + 500) / 1000)
      }
    default: return samples.map { Float($0) }
    }
  }
}

extension ImageSet {
  /// Images from PNG files, all of one size or scaled to one.
  ///
  /// - Parameters:
  ///   - bytes: what is in the only file, if it was read.
  ///   - skipsBad: Whether files that cannot be read are left out, unless all are.
  init(
    pngFiles paths: [String], labels: [String], source: String, _ reading: ImageReading,
    bytes: [UInt8]? = nil, skipsBad: Bool = false
  ) throws(DataError) {
    var pictures: [Picture] = []
    var kept: [String] = []
    var bad: [DataError] = []
    for (index, path) in paths.enumerated() {
      do throws(DataError) {
        pictures.append(try Picture(path, bytes, background: reading.background ?? .white))
        if !labels.isEmpty { kept.append(labels[index]) }
      } catch {
        bad.append(error)
        if !skipsBad || bad.count == paths.count { throw error }
      }
    }
    let (height, width) = (pictures[0].height, pictures[0].width)
    if let other = pictures.first(where: { ($0.height, $0.width) != (height, width) }),
      reading.resize == nil
    {
      throw DataError(
        file: other.path,
        problem:
          "found \(other.height) × \(other.width) pixels, expected \(height) × \(width) as in "
          + pictures[0].path,
        advice:
          "Train with --resize \(height)x\(width), which scales all, or bring them to one size "
          + "by: magick mogrify -resize \(width)x\(height)! FILES")
    }
    let channels = reading.channels ?? (pictures.contains(where: \.hasColours) ? 3 : 1)
    let white = reading.white ?? pictures.reduce(0) { max($0, $1.white) }
    let size = reading.resize ?? .init(height: height, width: width)
    var pixels: [Float] = []
    pixels.reserveCapacity(pictures.count * size.height * size.width * channels)
    for picture in pictures {
      let image = ImageSet(
        source: source, height: picture.height, width: picture.width, channels: channels,
        pixels: picture.pixels(white: white, channels: channels))
      pixels += image.resized(to: size).pixels
    }
    self.init(
      source: source, height: size.height, width: size.width, channels: channels, pixels: pixels,
      labels: kept, files: pictures.map(\.path))
    self.reading.white = white
    leftOut = bad
    remark(pictures, reading)
  }

  private mutating func remark(_ pictures: [Picture], _ reading: ImageReading) {
    let deep = pictures.count { $0.white > 255 }
    if deep > 0 {
      remarks.append(
        self.reading.white == 255
          ? "\(deep) pictures of 16 bits a sample are taken as 8 bits, as the model has them"
          : "16 bits a sample, 0 to 65535"
            + (deep < pictures.count ? "; \(pictures.count - deep) pictures have 8, times 257" : "")
      )
    }
    let transparent = pictures.count(where: \.isTransparent)
    if transparent > 0 {
      remarks.append(
        "\(transparent) pictures are transparent in places, laid on "
          + "\((reading.background ?? .white).rawValue) (--background)")
    }
    let sizes = Set(pictures.map { "\($0.height) × \($0.width)" })
    if sizes != ["\(height) × \(width)"] {
      let from = sizes.count == 1 ? sizes.first ?? "" : "\(sizes.count) sizes"
      remarks.append("scaled from \(from) to \(height) × \(width), \(Self.scalingText)")
    }
  }

  /// How many files of a folder were left out, and why the first was; nil if none was.
  package var leftOutText: String? {
    leftOut.first.map {
      "\(leftOut.count) files cannot be read and are left out; the first: \($0.file), \($0.problem)"
    }
  }

  /// How images are scaled, in words.
  static let scalingText = "bilinear, over areas where they shrink"

  /// Image `index` as a PNG file. What lies outside the range is black or white, what is no number
  /// black.
  ///
  /// - Parameters:
  ///   - range: the numbers of black and of white.
  ///   - scale: how often each pixel is repeated, in both directions.
  public func png(
    _ index: Int, range: ClosedRange<Float> = 0...255, scale: Int = 1
  ) -> [UInt8] {
    require(scale >= 1, "pixels are repeated at least once, not \(scale) times")
    // Wider than a pixel's numbers, so that no difference of them runs over.
    let (low, high) = (Double(range.lowerBound), Double(range.upperBound))
    let spread = max(high - low, .leastNormalMagnitude)
    let bytes = image(index).map { value -> UInt8 in
      let share = (Double(value) - low) / spread
      return share > 0 ? UInt8((min(share, 1) * 255).rounded()) : 0
    }
    // Of other numbers of channels than PNG has, the first is drawn.
    let shown = channels == 3 ? 3 : 1
    var samples: [UInt8] = []
    samples.reserveCapacity(height * width * shown * scale * scale)
    for row in 0..<height * scale {
      for column in 0..<width * scale {
        let pixel = (row / scale * width + column / scale) * channels
        samples += bytes[pixel..<pixel + shown]
      }
    }
    return PNGFile.encoded(
      samples, height: height * scale, width: width * scale, isGrey: shown == 1)
  }
}

extension PNGFile {
  /// A PNG file of 8-bit samples, `[H, W]` if grey, else `[H, W, 3]`.
  static func encoded(_ samples: [UInt8], height: Int, width: Int, isGrey: Bool) -> [UInt8] {
    let rowBytes = isGrey ? width : 3 * width
    require(
      samples.count == height * rowBytes,
      "\(height) × \(width) pixels need \(height * rowBytes) samples, not \(samples.count)")
    var rows: [UInt8] = []
    for row in 0..<height { rows += [0] + samples[row * rowBytes..<(row + 1) * rowBytes] }
    let header = four(width) + four(height) + [8, isGrey ? 0 : 2, 0, 0, 0]
    return signature + chunk("IHDR", header) + chunk("IDAT", Zlib.packed(rows)) + chunk("IEND", [])
  }

  private static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let named = Array(name.utf8) + data
    return four(data.count) + named + four(Int(Zlib.checksum(of: named[...])))
  }

  private static func four(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }
}
