import Recurrent

/// Mean and deviation of the training part's pixels, one of each a channel: what brings pixels to
/// the network's range.
struct PixelScale: Sendable, Codable, Equatable {
  var means: [Float]
  var deviations: [Float]

  /// Fitted on the images at `indices`, the training part, and on no others.
  init(_ images: ImageSet, fittedOn indices: [Int]) {
    let channels = images.channels
    let pixels = Double(max(1, indices.count * images.height * images.width))
    var sums = [Double](repeating: 0, count: channels)
    var squares = sums
    for index in indices {
      for (place, value) in images.image(index).enumerated() {
        sums[place % channels] += Double(value)
      }
    }
    let means = sums.map { $0 / pixels }
    for index in indices {
      for (place, value) in images.image(index).enumerated() {
        let distance = Double(value) - means[place % channels]
        squares[place % channels] += distance * distance
      }
    }
    self.means = means.map { Float($0) }
    let found = squares.map { Float(($0 / pixels).squareRoot()) }
    // A channel that never varies is in the unit of the others.
    let usable = found.filter { $0 > 0 && $0.isFinite }
    deviations = found.map { $0 > 0 && $0.isFinite ? $0 : usable.max() ?? 1 }
  }

  /// The images at `indices` on the network's scale, `[B, H·W·C]`.
  func scaled(_ images: ImageSet, _ indices: [Int]) -> Tensor {
    var values: [Float] = []
    values.reserveCapacity(indices.count * images.imageSize)
    let channels = images.channels
    for index in indices {
      if channels == 1 {
        let (mean, factor) = (means[0], 1 / deviations[0])
        for value in images.image(index) { values.append((value - mean) * factor) }
      } else {
        for (place, value) in images.image(index).enumerated() {
          let channel = place % channels
          values.append((value - means[channel]) / deviations[channel])
        }
      }
    }
    return Tensor(values, shape: [indices.count, images.imageSize])
  }
}

/// Some images of a set with their classes, scaled when they are asked for.
public struct ImageExamples: ExampleSet {
  let images: ImageSet
  let indices: [Int]
  /// The class of each image of the set.
  let classes: [Int]
  let scale: PixelScale
}

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension ImageExamples {
  public var count: Int { indices.count }

  public func batch(_ places: [Int]) -> (images: Tensor, classes: [Int]) {
    let chosen = places.map { indices[$0] }
    return (scale.scaled(images, chosen), chosen.map { classes[$0] })
  }
}
