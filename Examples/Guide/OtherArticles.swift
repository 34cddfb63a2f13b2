import Foundation
import Recurrent
import RecurrentTasks

/// A price, and what can be forecast.
func forecasts(_ pictures: Pictures) throws {
  func forecaster(
    _ csv: String, _ value: String, window: Int, season: Int?
  ) throws -> Forecaster {
    let series = try Series.read(Table(csvText: csv), value: value, missing: .interpolate)[0]
    var options = ForecasterOptions()
    (options.window, options.season) = (window, season)
    (options.hiddenSize, options.layers, options.epochs, options.refit) = (16, 1, 15, nil)
    return try ForecastPlan([series], options: options).train()
  }
  for (name, trained) in [
    ("GOOG, a day ahead", try forecaster(BundledData.goog, "Close", window: 100, season: nil)),
    (
      "carbon dioxide, a week ahead",
      try forecaster(BundledData.co2, "CO2", window: 104, season: 52)
    ),
  ] {
    guard let evaluation = trained.configuration.evaluation else { continue }
    print(name)
    print("  error of the network            ", text(evaluation.model.overall.rmse, 3))
    print("  of the naive forecast           ", text(evaluation.naive.overall.rmse, 3))
    if let seasonal = evaluation.seasonalNaive {
      print("  of the seasonal naive forecast  ", text(seasonal.overall.rmse, 3))
    }
    print("  values inside the 80 % interval ", text(100 * evaluation.coverage, 0), "%")
    print(" ", evaluation.verdict)
  }
}

/// Handwritten digits, read row by row.
func images(_ pictures: Pictures) throws {
  var options = ImageClassifierOptions()
  (options.hiddenSize, options.epochs, options.seed) = (48, 12, 1)
  let classifier = try ImagePlan(BundledData.digits, options: options).train()
  print(classifier.report)
}

/// Scales up and down, and a tune from a seed note.
func music(_ pictures: Pictures) throws {
  let steps = [0, 2, 4, 5, 7, 9, 11, 12]
  let tunes = (0..<24).map { index in
    let keys = (steps + steps.reversed().dropFirst()).map { 48 + index % 12 + $0 }
    let notes = (keys + keys).enumerated().map { place, key in
      Tune.Note(pitch: key, start: place, end: place + 1)
    }
    return Tune(name: "scale \(index)", notes: notes)
  }
  var options = ComposerOptions()
  (options.hiddenSize, options.epochs, options.stepsPerBeat) = (64, 120, 1)
  (options.transpose, options.batchSize, options.seed) = (5, 2, 1)
  let composer = try ComposerPlan(MusicCollection(tunes, source: "scales"), options: options)
    .train()
  print(composer.report)
  var drawing = Composer.Drawing()
  (drawing.steps, drawing.temperature, drawing.voices, drawing.seed) = (16, 0.1, 1, 7)
  guard let note = Pitch("C4") else { return }
  let tune = try composer.compose(from: note, drawing: drawing)
  print("from C4:", tune.notes.map { "\(Pitch($0.pitch))" }.joined(separator: " "))
}

/// Defaults and layouts of PyTorch and Keras.
func otherFrameworks(_ pictures: Pictures) throws {
  var generator = RandomGenerator(seed: 1)

  // One update of a weight 0 along a gradient of 1e-6, learning rate 0.001.
  for convention in OptimizerConvention.allCases {
    var weight = Tensor([0])
    let (_, gradients) = valueAndGradients(of: weight) { ($0 * 1e-6).sum() }
    var adam = Adam(convention: convention)
    adam.update(&weight, along: gradients)
    print(
      "Adam's first step as \(convention.rawValue) has it:", String(format: "%.1e", -weight.value))
  }
  print(
    "hard sigmoid of 1: Keras 3 and PyTorch", text(Activation.hardSigmoid(Tensor([1])).value),
    " Keras 2 and ONNX", text(Activation.hardSigmoidONNX(Tensor([1])).value))

  let lstm = LSTM(inputSize: 3, hiddenSize: 4, using: &generator)
  let folder = try temporaryFolder()
  defer { try? FileManager.default.removeItem(atPath: folder) }

  var toPyTorch = PyTorchWeights()
  try toPyTorch.add(lstm, as: "lstm")
  try toPyTorch.write(to: folder + "/pytorch.safetensors")
  let file = try SafetensorsFile(path: folder + "/pytorch.safetensors")
  for name in file.names.sorted() { print("PyTorch:", name, file.shape(of: name) ?? []) }

  var fromPyTorch = try PyTorchWeights(file: folder + "/pytorch.safetensors")
  let again = try fromPyTorch.recurrentStack("lstm", cell: .lstm)
  try fromPyTorch.finish()
  let input = SequenceBatch(Initializer.uniform(1)([2, 5, 3], using: &generator))
  print("there and back, the same bits:", again(input).values.isIdentical(to: lstm(input).values))

  var toKeras = KerasWeights()
  try toKeras.add(lstm)
  try toKeras.write(to: folder + "/keras.npz")
  var fromKeras = try KerasWeights(file: folder + "/keras.npz")
  let oneBias = try fromKeras.lstm()
  try fromKeras.finish()
  print("to Keras, which has one bias:", oneBias(input).values.isIdentical(to: lstm(input).values))

  let peepholes = LSTM(inputSize: 3, hiddenSize: 4, peepholes: true, using: &generator)
  do {
    try toKeras.add(peepholes)
  } catch {
    print(error)
  }
}
