import RecurrentFiles

extension ImageSet {
  /// The images scaled to a size, whatever their proportions, each pixel from those that a triangle
  /// covers which is as wide as two pixels of the larger of both images: between neighbours when it
  /// grows, over an area when it shrinks. The numbers of Pillow's `BILINEAR` and PyTorch's
  /// `bilinear` with `antialias`.
  public func resized(to size: ImageReading.Size) -> ImageSet {
    require(
      size.height >= 1 && size.width >= 1,
      "images are scaled to sizes of at least 1, not \(size.height) × \(size.width)")
    guard (size.height, size.width) != (height, width) else { return self }
    let rows = ScalingRow.all(from: height, to: size.height)
    let columns = ScalingRow.all(from: width, to: size.width)
    var result: [Float] = []
    result.reserveCapacity(count * size.height * size.width * channels)
    for index in 0..<count {
      let image = Array(image(index))
      var middle: [Float] = []
      for y in 0..<height {
        for column in columns {
          for channel in 0..<channels {
            middle.append(column.sum { image[(y * width + $0) * channels + channel] })
          }
        }
      }
      let stride = size.width * channels
      for row in rows {
        for place in 0..<stride { result.append(row.sum { middle[$0 * stride + place] }) }
      }
    }
    var resized = ImageSet(
      source: source, height: size.height, width: size.width, channels: channels, pixels: result,
      labels: labels, files: files)
    (resized.reading, resized.remarks, resized.leftOut) = (reading, remarks, leftOut)
    return resized
  }
}

/// What of a row or column an output pixel is made of.
private struct ScalingRow {
  var first: Int
  var weights: [Double]

  func sum(_ value: (Int) -> Float) -> Float {
    var sum = 0.0
    for (index, weight) in weights.enumerated() { sum += weight * Double(value(first + index)) }
    return Float(sum)
  }

  static func all(from size: Int, to target: Int) -> [ScalingRow] {
    let scale = Double(size) / Double(target)
    let support = max(scale, 1)
    return (0..<target).map { place in
      let centre = (Double(place) + 0.5) * scale
      let first = max(0, Int(centre - support + 0.5))
      let end = min(size, Int(centre + support + 0.5))
      let weights = (first..<end).map { index in
        max(0, 1 - abs((Double(index) - centre + 0.5) / support))
      }
      let sum = weights.reduce(0, +)
      return ScalingRow(first: first, weights: weights.map { $0 / sum })
    }
  }
}
