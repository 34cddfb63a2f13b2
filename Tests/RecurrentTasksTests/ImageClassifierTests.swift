import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentData
@testable import RecurrentTasks

@Suite struct ImageClassifierTests {
  /// Bars that stand at the left or right, or lie at the top, of 5 × 4 pixels with noise.
  private static func bars(_ count: Int, seed: UInt64, channels: Int = 1) -> ImageSet {
    var generator = SeededGenerator(seed: seed)
    var pixels: [Float] = []
    var labels: [String] = []
    for index in 0..<count {
      let kind = index % 3
      labels.append(["left", "right", "top"][kind])
      for row in 0..<5 {
        for column in 0..<4 {
          let isBar = [column == 0, column == 3, row == 0][kind]
          for channel in 0..<channels {
            pixels.append(
              (isBar ? 200 : 40) + Float(channel) + Float.random(in: -30...30, using: &generator))
          }
        }
      }
    }
    return ImageSet(
      source: "bars", height: 5, width: 4, channels: channels, pixels: pixels, labels: labels)
  }

  private static func options(_ model: ImageModelKind) -> ImageClassifierOptions {
    var options = ImageClassifierOptions()
    options.model = model
    options.hiddenSize = 12
    options.epochs = 25
    options.batchSize = 8
    options.learningRate = 0.02
    options.seed = 3
    return options
  }

  @Test(arguments: ImageModelKind.allCases, [1, 3]) func learnsBars(
    _ model: ImageModelKind, _ channels: Int
  ) throws {
    let images = Self.bars(150, seed: 1, channels: channels)
    let classifier = try ImagePlan(images, options: Self.options(model)).train()
    let evaluation = try #require(classifier.configuration.evaluation)
    #expect(evaluation.confusion.total == 30)
    #expect(evaluation.accuracy >= 0.9, "\(classifier.report)")
    #expect(classifier.configuration.classes == ["left", "right", "top"])

    try withTemporaryFolder { folder in
      let path = folder + "/model"
      try classifier.save(to: path)
      let loaded = try ImageClassifier(contentsOf: path)
      #expect(loaded.configuration == classifier.configuration)
      let others = Self.bars(9, seed: 2, channels: channels)
      #expect(try loaded.classify(others) == classifier.classify(others))
      #expect(try loaded.evaluate(on: others).confusion.total == 9)
      #expect(loaded.summary.contains(classifier.report))
    }
  }

  /// Same seed, same bits, whatever the threads; another seed, others.
  @Test func sameSeedSameBits() throws {
    let images = Self.bars(60, seed: 1)
    var options = Self.options(.rows)
    options.epochs = 3
    func probabilities() throws -> [[Float]] {
      try ImagePlan(images, options: options).train().classify(images).map(\.probabilities)
    }
    let first = try probabilities()
    #expect(try probabilities() == first)
    options.seed = 4
    #expect(try probabilities() != first)
  }

  /// An image alone is classified as among others.
  @Test func rowsOfABatchDoNotMatter() throws {
    let images = Self.bars(60, seed: 1)
    var options = Self.options(.pixels)
    options.epochs = 1
    let classifier = try ImagePlan(images, options: options).train()
    let all = try classifier.classify(images)
    for index in [0, 17, 59] {
      #expect(try classifier.classify(images.subset([index])) == [all[index]])
    }
  }

  /// Pixels of other parts cannot reach the scale; those of the training part do.
  @Test func scaleKnowsTheTrainingPartOnly() throws {
    let images = Self.bars(60, seed: 1)
    let plan = try ImagePlan(images, options: Self.options(.mlp))
    func scale(changing index: Int) throws -> PixelScale {
      var pixels = images.pixels
      pixels[index * images.imageSize] = 1e6
      let changed = ImageSet(
        source: "bars", height: 5, width: 4, pixels: pixels, labels: images.labels)
      return try ImagePlan(changed, options: Self.options(.mlp)).scale
    }
    #expect(try scale(changing: plan.split.test[0]) == plan.scale)
    #expect(try scale(changing: plan.split.validation[0]) == plan.scale)
    #expect(try scale(changing: plan.split.training[0]) != plan.scale)
  }

  /// Beside channels that vary, one that never does is in their unit.
  @Test func scaleOfAChannelThatNeverVaries() {
    func scale(_ unit: Float) -> PixelScale {
      let pixels = (0..<40).flatMap { pixel -> [Float] in
        [Float(pixel % 5) * unit, 3 * unit, Float(pixel % 2) * unit]
      }
      let images = ImageSet(
        source: "two", height: 2, width: 2, channels: 3, pixels: pixels,
        labels: (0..<10).map { "\($0 % 2)" })
      return PixelScale(images, fittedOn: Array(0..<10))
    }
    let (one, small) = (scale(1), scale(1 / 256))
    #expect(small.deviations == one.deviations.map { $0 / 256 })
    #expect(one.deviations[1] == one.deviations[0])
  }

  @Test func partsHaveEachClassAndNothingTwice() {
    let classes = (0..<100).map { $0 < 50 ? 0 : $0 < 80 ? 1 : 2 }
    let split = ImageSplit(
      classes: classes, classCount: 3, testFraction: 0.2, validationFraction: 0.1, seed: 0)
    func counts(_ part: [Int]) -> [Int] {
      (0..<3).map { label in part.count { classes[$0] == label } }
    }
    #expect(counts(split.test) == [10, 6, 4])
    #expect(counts(split.validation) == [4, 2, 2])
    #expect((split.training + split.validation + split.test).sorted() == Array(0..<100))
  }

  @Test func evaluationCounts() {
    var matrix = ConfusionMatrix(classes: ["a", "b", "c"])
    for (truth, prediction, times) in [(0, 0, 5), (0, 1, 2), (1, 1, 4), (2, 0, 3), (2, 2, 1)] {
      for _ in 0..<times { matrix.add(truth: truth, prediction: prediction) }
    }
    #expect(matrix.total == 15 && matrix.correct == 10)
    #expect(matrix.recall(0) == 5.0 / 7 && matrix.precision(0) == 5.0 / 8)
    #expect(matrix.confusions(1).map { [$0.truth, $0.prediction, $0.count] } == [[2, 0, 3]])
    // statsmodels: proportion_confint(10, 15, method="wilson")
    #expect(abs(matrix.accuracyInterval.lowerBound - 0.4171) < 1e-4)
    #expect(abs(matrix.accuracyInterval.upperBound - 0.8482) < 1e-4)
  }

  @Test func whatIsRefused() throws {
    func message(_ body: () throws(DataError) -> Void) -> String {
      do throws(DataError) { try body() } catch { return error.description }
      return "nothing was refused"
    }
    let images = Self.bars(60, seed: 1)
    let plain = ImageSet(source: "plain", height: 5, width: 4, pixels: images.pixels)
    #expect(
      message { () throws(DataError) in _ = try ImagePlan(plain) }
        .hasPrefix("plain: the images have no classes, which training needs."))
    let one = images.subset([0, 3, 6])
    #expect(
      message { () throws(DataError) in _ = try ImagePlan(one) }
        .hasPrefix("bars: found only the class left, expected at least two."))
    let wide = ImageSet(source: "wide", height: 4, width: 5, pixels: images.pixels)
    #expect(
      message { () throws(DataError) in _ = try ImagePlan(images, test: wide) }
        .hasPrefix("wide: found images of 4 × 5, expected 5 × 4."))
    var huge = Self.options(.mlp)
    huge.hiddenSize = 1_000_000
    huge.layers = 5
    #expect(
      message { () throws(DataError) in _ = try ImagePlan(images, options: huge) }
        .contains("takes about 64 TB of memory, this "))
    let unknown = ImageSet(
      source: "u", height: 5, width: 4, pixels: Array(images.image(0)), labels: ["slanted"])
    var options = Self.options(.mlp)
    options.epochs = 1
    let classifier = try ImagePlan(images, options: options).train()
    #expect(
      message { () throws(DataError) in _ = try classifier.evaluate(on: unknown) }
        == "u: found the label \"slanted\", and none that training has. "
        + "The labels are \"left\", \"right\", \"top\".")
    let alike = ImageSet(
      source: "alike", height: 5, width: 4, pixels: [Float](repeating: 255, count: 1200),
      labels: images.labels)
    #expect(
      message { () throws(DataError) in _ = try ImagePlan(alike) }
        .hasPrefix("alike: all 60 images are alike, pixel by pixel. Nothing can be learned"))
  }

  /// A model of 16 bits says so to those who read for it; one of an earlier version says nothing, and
  /// goes on seeing 8 bits on white.
  @Test func readingOfTheModel() throws {
    var images = Self.bars(60, seed: 1)
    images.reading.white = 65535
    images.reading.background = .black
    var options = Self.options(.mlp)
    options.epochs = 1
    let classifier = try ImagePlan(images, options: options).train()
    #expect(classifier.reading.white == 65535 && classifier.reading.background == .black)
    try withTemporaryFolder { folder in
      try classifier.save(to: folder + "/m")
      let loaded = try ImageClassifier(contentsOf: folder + "/m")
      #expect(loaded.reading == classifier.reading && loaded.reading.height == 5)
    }
    var former = classifier
    former.configuration.reading = nil
    #expect(former.reading.white == 255 && former.reading.background == nil)
    #expect(former.reading.height == 5 && former.reading.channels == 1)
    former.configuration.reading = ImageReading()
    former.configuration.reading?.resize = .init(height: 9, width: 4)
    #expect(former.configuration.problem?.hasPrefix("images scaled to 9 × 4 for") == true)
  }

  /// A class that stands only in the test images is told before training, and costs its images alone.
  @Test func classesOfTheTestPartAlone() throws {
    let images = Self.bars(60, seed: 1)
    let some = images.subset([0, 1, 2, 3, 4])
    let test = ImageSet(
      source: "test", height: 5, width: 4, pixels: some.pixels,
      labels: [some.labels[0], "slanted", some.labels[2], "bent", some.labels[4]])
    var options = Self.options(.mlp)
    options.epochs = 1
    let plan = try ImagePlan(images, test: test, options: options)
    let told =
      "2 test images have a label that training does not have and are left out: \"bent\", \"slanted\""
    #expect("\(plan)".contains(told))
    let classifier = try plan.train()
    let evaluation = try #require(classifier.configuration.evaluation)
    #expect(evaluation.confusion.total == 3 && evaluation.unknown?.count == 2)
    #expect("\(evaluation)".contains("2 images have a label that training does not have"))
    #expect(
      evaluation.confusion == (try classifier.evaluate(on: test.subset([0, 2, 4]))).confusion)
    // Mistakes are told by their places among all images.
    #expect(evaluation.mistakes.allSatisfy { [0, 2, 4].contains($0.index) })
    let others = ImageSet(
      source: "others", height: 5, width: 4, pixels: some.pixels,
      labels: some.labels.map { _ in "bent" })
    #expect(throws: DataError.self) { try ImagePlan(images, test: others, options: options) }
    let none = ImageSet(source: "none", height: 5, width: 4, pixels: some.pixels)
    #expect(throws: DataError.self) { try ImagePlan(images, test: none, options: options) }
  }

  /// Images given for validation judge, and all others are for training and the report.
  @Test func validationPartOfItsOwn() throws {
    let images = Self.bars(60, seed: 1)
    let (own, other) = (Self.bars(12, seed: 2), Self.bars(12, seed: 3))
    var options = Self.options(.rows)
    (options.epochs, options.testFraction) = (2, 0.2)
    let plan = try ImagePlan(images, validation: own, options: options)
    #expect(plan.counts.training == 48 && plan.counts.validation == 12 && plan.counts.test == 12)
    #expect("\(plan)".contains("48 training, 12 validation (bars), 12 test"))
    let judged = plan.validationExamples
    #expect(judged.batch([4]).classes == [1] && own.labels[4] == "right")
    let losses = try [own, other].map { part in
      try ImagePlan(images, validation: part, options: options).train().history.epochs.map(
        \.validationLoss)
    }
    #expect(losses[0].allSatisfy { $0 != nil } && losses[0] != losses[1])
    let unlabelled = ImageSet(source: "none", height: 5, width: 4, pixels: own.pixels)
    #expect(throws: DataError.self) {
      try ImagePlan(images, validation: unlabelled, options: options)
    }
  }

  @Test func bundledDigits() {
    let digits = BundledData.digits
    #expect(digits.count == 1797 && digits.height == 8 && digits.width == 8)
    #expect(digits.classes == (0...9).map(String.init))
    // The first image of scikit-learn's load_digits, its second row; and the mean of all pixels.
    let row: [Float] = [0, 0, 13, 15, 10, 15, 5, 0]
    #expect(Array(digits.image(0)[8..<16]) == row.map { $0 * 255 / 16 })
    #expect(digits.labels.prefix(12).joined() == "012345678901")
    #expect(digits.labels.count { $0 == "3" } == 183)
  }

  /// The lines of `contactSheet` hold what it is surest of first.
  @Test func contactSheet() throws {
    let images = Self.bars(60, seed: 1)
    var options = Self.options(.rows)
    options.epochs = 1
    options.learningRate = 1e-5
    let classifier = try ImagePlan(images, options: options).train()
    let evaluation = try classifier.evaluate(on: images)
    try #require(evaluation.mistakes.count > 10)
    let sureness = evaluation.mistakes.map(\.probability)
    #expect(sureness == sureness.sorted(by: >))
    let sheet = try #require(classifier.contactSheet(evaluation, of: images))
    let svg = sheet.svg()
    #expect(svg.components(separatedBy: "<image ").count - 1 == min(36, evaluation.mistakes.count))
    let worst = evaluation.mistakes[0]
    #expect(svg.contains(">\(worst.truth), not \(worst.prediction)<"))
  }
}
