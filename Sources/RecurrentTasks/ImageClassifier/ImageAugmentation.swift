import Foundation
import Recurrent

/// How images of the training part are changed at each step, each in a way of its own, so that the
/// network sees none of them twice: moved, turned and scaled.
public struct ImageAugmentation: Sendable, Codable, Equatable {
  /// An image is moved by up to this share of its height and width.
  public var shift: Float = 0.07
  /// The most degrees by which an image is turned about its middle.
  public var turn: Float = 10
  /// The largest share by which an image is made larger or smaller.
  public var zoom: Float = 0.1

  /// The defaults.
  public init() {}

  /// The images `[B, H·W·C]`, each changed as its key says.
  func changed(_ images: Tensor, _ shape: ImageShape, keys: [RandomKey]) -> Tensor {
    Self.changed(images, shape, keys.map { Pose(self, $0, shape) })
  }

  /// The images in their poses. Between pixels values are interpolated linearly; beyond an edge they
  /// are those of the edge.
  static func changed(_ images: Tensor, _ shape: ImageShape, _ poses: [Pose]) -> Tensor {
    var values = [Float](repeating: 0, count: images.count)
    let size = shape.height * shape.width * shape.channels
    images.withUnsafeElements { elements in
      for (row, pose) in poses.enumerated() {
        let image = UnsafeBufferPointer(rebasing: elements[row * size..<(row + 1) * size])
        change(image, shape, pose, into: &values[row * size..<(row + 1) * size])
      }
    }
    return Tensor(values, shape: images.shape)
  }

  private static func change(
    _ image: UnsafeBufferPointer<Float>, _ shape: ImageShape, _ pose: Pose,
    into changed: inout ArraySlice<Float>
  ) {
    let (height, width, channels) = (shape.height, shape.width, shape.channels)
    let (middleRow, middleColumn) = (Float(height - 1) / 2, Float(width - 1) / 2)
    let (cosine, sine) = (cos(pose.angle) / pose.scale, sin(pose.angle) / pose.scale)
    var place = changed.startIndex
    for row in 0..<height {
      for column in 0..<width {
        // Where in the image the pixel comes from.
        let y = Float(row) - middleRow - pose.down
        let x = Float(column) - middleColumn - pose.across
        let fromRow = min(max(middleRow + cosine * y - sine * x, 0), Float(height - 1))
        let fromColumn = min(max(middleColumn + sine * y + cosine * x, 0), Float(width - 1))
        let (top, left) = (Int(fromRow), Int(fromColumn))
        let (down, across) = (fromRow - Float(top), fromColumn - Float(left))
        // On the last row or column there is nothing beyond, and it has no weight.
        let (bottom, right) = (min(top + 1, height - 1), min(left + 1, width - 1))
        for channel in 0..<channels {
          func pixel(_ row: Int, _ column: Int) -> Float {
            image[(row * width + column) * channels + channel]
          }
          let upper = pixel(top, left) + across * (pixel(top, right) - pixel(top, left))
          let lower = pixel(bottom, left) + across * (pixel(bottom, right) - pixel(bottom, left))
          changed[place] = upper + down * (lower - upper)
          place += 1
        }
      }
    }
  }

  /// The changes of one image.
  struct Pose {
    /// By how many rows and columns the image is moved.
    var down, across: Float
    /// By how much it is turned, in radians, and how often as large it is.
    var angle, scale: Float

    /// What the key draws within the limits.
    init(_ limits: ImageAugmentation, _ key: RandomKey, _ shape: ImageShape) {
      var generator = RandomGenerator(key)
      func draw(_ limit: Float) -> Float { limit * (2 * generator.uniform() - 1) }
      down = draw(limits.shift) * Float(shape.height)
      across = draw(limits.shift) * Float(shape.width)
      angle = draw(limits.turn) * .pi / 180
      scale = exp(draw(log(1 + limits.zoom)))
    }

    init(down: Float, across: Float, angle: Float, scale: Float) {
      (self.down, self.across, self.angle, self.scale) = (down, across, angle, scale)
    }
  }
}
