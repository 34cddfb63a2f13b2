import ArgumentParser
import Foundation
import Recurrent
import RecurrentTasks

extension TrainImageClassifier {
  /// The class of each image of a file or folder.
  static func predict(_ classifier: ImageClassifier, _ command: Predict) throws {
    guard let path = command.file else {
      throw DataError(
        .missingFile, file: command.model, problem: "an image classifier needs images to classify",
        advice: "Name a PNG file, a folder of them, an IDX file or a CSV file")
    }
    let images = try ImageSet.read(path, classifier.reading).images
    let guesses = try classifier.classify(images)
    for error in images.leftOut { warn("\(error)") }
    for remark in images.remarks { warn("\(remark).") }
    print(command.json ? try text(images, guesses, classifier) : table(images, guesses, classifier))
    if !images.leftOut.isEmpty { throw ExitCode(65) }
  }

  static func read(
    _ request: DataRequest, for classifier: ImageClassifier
  ) throws -> DataRead<ImageSet> {
    let (images, test) = try ImageSet.read(request.files[0], classifier.reading)
    // Of data with a test part, the model may have been trained on the other.
    let data = test ?? images
    let remarks = data.remarks + [data.leftOutText].compactMap(\.self)
    return DataRead(
      data: data, source: request.files[0], part: test == nil ? "all" : "the test part's",
      remark: remarks.isEmpty
        ? nil : remarks.map { "\($0.capitalizedFirst)." }.joined(separator: "\n"))
  }

  private static func table(
    _ images: ImageSet, _ guesses: [ImageClassifier.Guess], _ classifier: ImageClassifier
  ) -> String {
    let classes = classifier.configuration.classes
    let known = !images.labels.isEmpty
    var rows = [["image", "class", "probability", "next"] + (known ? ["really"] : [])]
    for (index, guess) in guesses.enumerated() {
      let order = classes.indices.sorted { guess.probabilities[$0] > guess.probabilities[$1] }
      func percent(_ place: Int) -> String {
        NumberFormat.fixed(100 * Double(guess.probabilities[order[place]]), 1) + " %"
      }
      rows.append(
        [images.name(index), guess.label, percent(0), "\(classes[order[1]]) \(percent(1))"]
          + (known ? [images.labels[index]] : []))
    }
    return TextTable(rows).description
  }

  private struct Prediction: Encodable {
    var image: String
    var label: String
    var probabilities: [String: Float]
  }

  private static func text(
    _ images: ImageSet, _ guesses: [ImageClassifier.Guess], _ classifier: ImageClassifier
  ) throws -> String {
    let classes = classifier.configuration.classes
    let predictions = guesses.enumerated().map { index, guess in
      Prediction(
        image: images.name(index), label: guess.label,
        probabilities: Dictionary(
          uniqueKeysWithValues: zip(classes, guess.probabilities).map { ($0, $1) }))
    }
    return String(
      decoding: try encodeJSON(predictions, file: "prediction").dropLast(), as: UTF8.self)
  }
}
