import Foundation
import Recurrent
import RecurrentFiles

// A file or a folder for each class.

extension LabeledTextReading {
  static func namesLabel(_ path: String) -> Bool {
    path.contains("=") && !FileManager.default.fileExists(atPath: path)
  }

  mutating func readFilesByClass(_ paths: [String]) throws(DataError) {
    let names = paths.map { splitPath($0).name }
    let stems = names.map { String($0.prefix { $0 != "." }) }
    // good.txt and bad.txt differ in the name, rt-polarity.pos and .neg behind it.
    let guesses =
      Set(stems).count == stems.count ? stems : names.map { Self.fileExtension($0) }
    for (path, guess) in zip(paths, guesses) {
      let parts = path.split(separator: "=", maxSplits: 1).map(String.init)
      let isNamed = Self.namesLabel(path) && parts.count == 2
      let label = isNamed ? parts[0] : guess
      guard !label.isEmpty, isNamed || Set(guesses).count == guesses.count || paths.count == 1
      else {
        throw DataError(
          file: path, problem: "cannot tell the labels of the files from their names",
          advice: "Say them as label=file")
      }
      let file = try TextPieces(isNamed ? parts[1] : path, encoding: encoding)
      var isEmpty = true
      try file.forEachLine { number, line throws(DataError) in
        isEmpty = false
        if line.allSatisfy(\.isWhitespace) {
          result.blankLines += 1
        } else {
          try add(line, label, file: file.source, line: number)
        }
        return true
      }
      if isEmpty {
        throw DataError(
          file: file.source, problem: "the file is empty", advice: "Expected a text a line")
      }
    }
  }

  mutating func readFolders(_ path: String) throws(DataError) {
    for label in try Self.visibleNames(path) where Self.isFolder(path + "/" + label) {
      for name in try Self.visibleNames(path + "/" + label) {
        let file = path + "/" + label + "/" + name
        if Self.isFolder(file) { continue }
        try add(TextFile(file, encoding: encoding).text, label, file: file)
      }
    }
    guard !result.examples.isEmpty || result.emptyTexts > 0 else {
      throw DataError(
        file: path, problem: "there are no files in folders in it",
        advice: "Expected one folder a class, with one file a text")
    }
  }

  private static func visibleNames(_ path: String) throws(DataError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
        .filter { !$0.hasPrefix(".") }.sorted()
    } catch {
      throw DataError(file: path, problem: "the folder cannot be read")
    }
  }
}
