import Foundation
import Recurrent
import RecurrentONNX
import Wave

guard CommandLine.arguments.count == 4 else {
  print("NoiseSuppression nsnet2_16k.onnx noisy.wav clean.wav")
  exit(64)
}
let noisy = try Wave(file: CommandLine.arguments[2])
guard noisy.rate == 16000 else {
  print("The model hears 16000 samples a second, not \(noisy.rate).")
  exit(65)
}
let model = try OnnxModel(file: CommandLine.arguments[1])
var session = try OnnxSession(model)

// Windows of 20 ms, every 10 ms; the spectrum of a window is a product with cosines and sines.
let (length, hop, bins) = (320, 160, 161)
let window = (0..<length).map { Float(sin(Double.pi * Double($0) / Double(length))) }
func waves(_ function: (Double) -> Double) -> Tensor {
  Tensor(
    (0..<length * bins).map { place in
      Float(function(2 * Double.pi * Double(place / bins * (place % bins)) / Double(length)))
    }, shape: [length, bins])
}
let (cosines, sines) = (waves(cos), waves(sin))
// The way back: all bins but the first and the last stand for two.
let shares = Tensor(
  (0..<bins).map { ($0 == 0 || $0 == bins - 1 ? 1 : 2) / Float(length) }, shape: [1, bins])

var clean = Wave([Float](repeating: 0, count: noisy.samples.count + length), rate: noisy.rate)
let samples = noisy.samples + [Float](repeating: 0, count: length)
let starts = Array(stride(from: 0, to: noisy.samples.count, by: hop))
for block in stride(from: 0, to: starts.count, by: 50) {
  let own = starts[block..<min(block + 50, starts.count)]
  let frames = Tensor(
    own.flatMap { start in (0..<length).map { samples[start + $0] * window[$0] } },
    shape: [own.count, length])
  let (real, imaginary) = (frames.matrixProduct(cosines), frames.matrixProduct(sines))
  let power = real.squared() + imaginary.squared()
  let features = Tensor.maximum(power, Tensor(1e-12)).log() * Float(1 / log(10.0))
  let outputs = try session.step([
    session.inputs[0].name: OnnxTensor(features.reshaped(to: [1, own.count, bins]))
  ])
  guard let found = outputs[model.outputs[0].name]?.tensor else { continue }
  let mask = found.reshaped(to: [own.count, bins]).clamped(to: 1e-4...1) * shares
  let back =
    (real * mask).matrixProduct(cosines.transposed())
    + (imaginary * mask).matrixProduct(sines.transposed())
  for (row, start) in own.enumerated() {
    for place in 0..<length { clean.samples[start + place] += back[row, place] * window[place] }
  }
}
clean.samples.removeLast(length)
try clean.write(to: CommandLine.arguments[3])
print("Wrote \(CommandLine.arguments[3])")
