import Recurrent
import Testing

@testable import RecurrentData
@testable import RecurrentTasks

/// Images that are moved, turned and scaled in training.
struct ImageAugmentationTests {
  private let shape = ImageShape(height: 3, width: 4, channels: 1, classes: 2)
  private let image = Tensor((0..<12).map { Float($0 * $0) }, shape: [1, 12])

  /// `scipy.ndimage.map_coordinates` of order 1 and mode nearest, at the same places.
  @Test func pixelsAreThoseOfSciPy() {
    let pose = ImageAugmentation.Pose(
      down: 0.5, across: -0.75, angle: 20 * .pi / 180, scale: 1.1)
    let changed = ImageAugmentation.changed(image, shape, [pose]).elements
    let expected: [Float] = [
      0.3929, 1.7415, 4.5072, 8.7785, 18.1395, 16.7682, 12.5642, 9.0, 62.2188, 56.5549, 48.0878,
      38.1019,
    ]
    for (found, value) in zip(changed, expected) { #expect(abs(found - value) < 1e-3) }
  }

  /// Each channel is moved as if it were alone.
  @Test func channelsStayApart() {
    var coloured = shape
    coloured.channels = 2
    let both = Tensor(image.elements.flatMap { [$0, -2 * $0] }, shape: [1, 24])
    let pose = ImageAugmentation.Pose(down: -0.3, across: 1.2, angle: 0.2, scale: 0.8)
    let alone = ImageAugmentation.changed(image, shape, [pose]).elements
    let changed = ImageAugmentation.changed(both, coloured, [pose]).elements
    #expect(changed == alone.flatMap { [$0, -2 * $0] })
  }

  @Test func keysDrawWithinTheLimits() {
    var still = ImageAugmentation()
    (still.shift, still.turn, still.zoom) = (0, 0, 0)
    let keys = (0..<200).map { RandomKey(seed: 3).child($0) }
    #expect(still.changed(image, shape, keys: [keys[0]]) == image)
    let limits = ImageAugmentation()
    let poses = keys.map { ImageAugmentation.Pose(limits, $0, shape) }
    for (values, limit) in [
      (poses.map(\.down), limits.shift * 3), (poses.map(\.across), limits.shift * 4),
      (poses.map(\.angle), limits.turn * .pi / 180),
    ] {
      #expect(values.allSatisfy { abs($0) <= limit })
      // Both directions, near the limits too.
      #expect(values.max() ?? 0 > 0.9 * limit && values.min() ?? 0 < -0.9 * limit)
    }
    #expect(poses.allSatisfy { $0.scale <= 1.1001 && $0.scale >= 1 / 1.1001 })
  }

  /// Only training sees changed images; the same seed gives the same bits.
  @Test func trainingIsRepeatable() throws {
    let images = BundledData.digits.subset(Array(0..<200))
    var options = ImageClassifierOptions()
    (options.hiddenSize, options.epochs, options.seed) = (8, 2, 1)
    options.augmentation = ImageAugmentation()
    let first = try ImagePlan(images, options: options).train()
    let second = try ImagePlan(images, options: options).train()
    #expect(first.models[0].head.weights == second.models[0].head.weights)
    #expect(first.configuration.evaluation == second.configuration.evaluation)
    options.augmentation = nil
    let plain = try ImagePlan(images, options: options).train()
    #expect(first.models[0].head.weights != plain.models[0].head.weights)
  }
}
