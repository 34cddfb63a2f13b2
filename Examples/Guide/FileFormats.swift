import Foundation
import Recurrent
import RecurrentTasks

/// What is read, how, and what the program says of it.
func fileFormats(_ pictures: Pictures) throws {
  let folder = try temporaryFolder()
  defer { try? FileManager.default.removeItem(atPath: folder) }
  func told(_ error: any Error) -> String { "\(error)".replacing(folder + "/", with: "") }

  // Tables.
  let prices = try Table(
    csvText: """
      Datum;Preis
      01.02.2024;3.617,22
      02.02.2024;3.580,10
      05.02.2024;3.602,75
      06.02.2024;3.599,00

      """, source: "preise.csv")
  let series = try Series.read(prices, value: "Preis", time: "Datum")[0]
  print("between cells:", prices.delimiter, " values:", series.target)
  print("times:", series.times.labels.joined(separator: ", "), "-", series.times.frequency)
  let sales = try Table(csvText: "day,sold\n1,12\n2,a dozen\n", source: "sales.csv")
  do {
    _ = try sales.numbers("sold")
  } catch {
    print(error)
  }

  // Texts.
  do {
    _ = try TextFile(bytes: Array("caf".utf8) + [0xE9, 10], source: "reviews.txt")
  } catch {
    print(error)
  }
  let western = try TextFile(
    bytes: Array("caf".utf8) + [0xE9, 10], source: "reviews.txt", encoding: .windows1252)
  print(western.lines[0])

  // Sentences with tags.
  let words = "Ada B-PER\nLovelace E-PER\nlived O\nin O\nLondon S-LOC\n. O\n\nShe O\nran O\n"
  let tagged = try TaggedSentences.read(
    TextFile(bytes: Array(words.utf8), source: "train.conll"))
  let scheme = TagScheme.detected(in: tagged.sentences.map(\.tags))
  print("\(tagged.sentences.count) sentences of \(tagged.tokenCount) tokens, tags by \(scheme)")

  // Tunes.
  let notes = [60, 64, 67].enumerated().map { Tune.Note(pitch: $1, start: 4 * $0, end: 4 * $0 + 4) }
  let file = Tune(name: "chord", notes: notes).midi(stepsPerBeat: 4, beatsPerMinute: 96)
  let again = try MIDIFile(bytes: file.bytes, source: "chord.mid")
  let tune = try again.tunes(stepsPerBeat: 4, source: "chord.mid")[0]
  print(
    "\(file.bytes.count) bytes of MIDI,", text(again.beatsPerMinute(), 0), "beats a minute:",
    tune.notes.map { "\(Pitch($0.pitch))" }.joined(separator: " "))

  // Images: four zeros of a 28 × 28 file that says it has numbers of another kind.
  let images: [UInt8] = [0, 0, 13, 3] + [0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2] + [0, 0, 0, 0]
  try Data(images).write(to: URL(fileURLWithPath: folder + "/t10k-images-idx3-ubyte"))
  do {
    _ = try ImageSet.read(folder + "/t10k-images-idx3-ubyte")
  } catch {
    print(told(error))
  }

  // A model folder, and one of whose bytes changed.
  let wave = try Series(values: (0..<200).map { sin(Double($0) / 6) })
  var options = ForecasterOptions()
  (options.window, options.hiddenSize, options.layers, options.epochs) = (20, 4, 1, 1)
  options.refit = nil
  try ForecastPlan([wave], options: options).train().save(to: folder + "/model")
  for name in try FileManager.default.contentsOfDirectory(atPath: folder + "/model").sorted() {
    print("model/\(name)")
  }
  let weights = URL(fileURLWithPath: folder + "/model/model.safetensors")
  var bytes = try Data(contentsOf: weights)
  bytes[bytes.count - 1] ^= 1
  try bytes.write(to: weights)
  do {
    _ = try Forecaster(contentsOf: folder + "/model")
  } catch {
    print(told(error).split(separator: ": found")[0])
  }
}
