import RecurrentFiles

extension ImageSet {
  /// Images from PNG files, all of one size.
  init(
    pngFiles paths: [String], labels: [String], source: String, _ reading: ImageReading
  ) throws(DataError) {
    var pictures: [(height: Int, width: Int)] = []
    var rgb: [[UInt8]] = []
    var isGrey = true
    for path in paths {
      let picture = try PNGFile(try readFile(path), source: path)
      if let first = pictures.first, first != (picture.height, picture.width) {
        throw DataError(
          file: path,
          problem: "found \(picture.height) × \(picture.width) pixels, expected \(first.height) × "
            + "\(first.width) as in \(paths[0])",
          advice: "Bring all to one size, by: magick mogrify -resize "
            + "\(first.width)x\(first.height)! FILES")
      }
      let grey = picture.isGrey
      isGrey = isGrey && grey
      pictures.append((picture.height, picture.width))
      // A third of the memory, while no picture has colours.
      rgb.append(
        grey
          ? stride(from: 0, to: picture.rgb.count, by: 3).map { picture.rgb[$0] } : picture.rgb)
    }
    let (height, width) = pictures[0]
    let channels = reading.channels ?? (isGrey ? 1 : 3)
    var pixels: [Float] = []
    pixels.reserveCapacity(paths.count * height * width * channels)
    for picture in rgb {
      let hasColours = picture.count > height * width
      switch (hasColours, channels) {
      case (false, 3): for value in picture { pixels += [Float](repeating: Float(value), count: 3) }
      case (true, 1):
        for place in stride(from: 0, to: picture.count, by: 3) {
          pixels.append(Self.luma(picture[place], picture[place + 1], picture[place + 2]))
        }
      default: pixels += picture.map { Float($0) }
      }
    }
    self.init(
      source: source, height: height, width: width, channels: channels, pixels: pixels,
      labels: labels, files: paths)
  }

  /// Brightness by ITU-R BT.601, as a whole number.
  private static func luma(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> Float {
    Float((299 * Int(red) + 587 * Int(green) + 114 * Int(blue) + 500) / 1000)
  }

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
