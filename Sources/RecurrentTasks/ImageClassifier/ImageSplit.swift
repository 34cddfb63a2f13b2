import Recurrent

/// Which images are for training, validation and test: in each class the same shares of them,
/// drawn by the seed.
struct ImageSplit: Sendable, Equatable {
  var training: [Int] = []
  var validation: [Int] = []
  /// Empty where the data has a test part of its own, as is that of validation.
  var test: [Int] = []

  /// - Parameter classes: the class of each image.
  init(
    classes: [Int], classCount: Int, testFraction: Double, validationFraction: Double, seed: UInt64
  ) {
    var members = [[Int]](repeating: [], count: classCount)
    for (index, label) in classes.enumerated() { members[label].append(index) }
    let key = RandomKey(seed: seed).child(-2)
    for (label, indices) in members.enumerated() {
      var generator = RandomGenerator(key.child(label))
      let shuffled = indices.shuffled(using: &generator)
      let tested = Int((Double(shuffled.count) * testFraction).rounded())
      let rest = shuffled.dropFirst(tested)
      let judging = Int((Double(rest.count) * validationFraction).rounded())
      test += shuffled.prefix(tested)
      validation += rest.prefix(judging)
      training += rest.dropFirst(judging)
    }
    training.sort()
    validation.sort()
    test.sort()
  }
}
