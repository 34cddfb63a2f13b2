import Foundation
import Recurrent
import Wave

guard (3...4).contains(CommandLine.arguments.count) else {
  print(
    """
    AudioEffect amplifier.json guitar.wav [amplified.wav]

    Plays a recording through a neural amplifier or pedal: a network in the JSON of RTNeural or of
    GuitarML's models.
    """)
  exit(64)
}
do {
  let network = try RTNeuralFile(path: CommandLine.arguments[1])
  let input = try Wave(file: CommandLine.arguments[2])
  let stream = ModelStream(network.model, inputSize: network.inputSize)
  guard stream.inputSize == 1, stream.outputSize == 1 else {
    print(
      "The network takes \(stream.inputSize) numbers a sample and gives \(stream.outputSize), not 1."
    )
    exit(65)
  }
  var output = Wave(input.samples, rate: input.rate)
  let time = ContinuousClock().measure {
    input.samples.withUnsafeBufferPointer { samples in
      output.samples.withUnsafeMutableBufferPointer { stream.process(samples, into: $0) }
    }
  }
  let peak = output.samples.map(abs).max() ?? 0
  if CommandLine.arguments.count == 4 { try output.write(to: CommandLine.arguments[3]) }
  let length = Double(input.samples.count) / Double(input.rate)
  let seconds = time / .seconds(1)
  print(
    String(
      format: "%.2f s of sound in %.3f s: %.0f times real time, %.0f ns a sample, peak %.2f",
      length, seconds, length / seconds, seconds / Double(max(1, input.samples.count)) * 1e9, peak))
} catch {
  print(error)
  exit(65)
}
