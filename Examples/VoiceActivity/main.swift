import Foundation
import Recurrent
import RecurrentONNX
import Wave

guard CommandLine.arguments.count == 3 else {
  print("VoiceActivity silero_vad.onnx speech.wav")
  exit(64)
}
let wave = try Wave(file: CommandLine.arguments[2])
guard wave.rate == 16000 else {
  print("The model hears 16000 samples a second, not \(wave.rate).")
  exit(65)
}
let model = try OnnxModel(file: CommandLine.arguments[1])
var session = try OnnxSession(model)  // the state goes from frame to frame

// A frame is 32 ms, and the last 4 ms before it.
var context = [Float](repeating: 0, count: 64)
var speaking: Int?
for start in stride(from: 0, through: wave.samples.count - 512, by: 512) {
  let frame = context + wave.samples[start..<start + 512]
  context = Array(frame.suffix(64))
  let outputs = try session.step([
    session.inputs[0].name: OnnxTensor(Tensor(frame, shape: [1, frame.count]))
  ])
  let probability = outputs[model.outputs[0].name]?.floats.first ?? 0
  let isEnd = start + 1024 > wave.samples.count
  if speaking == nil, probability > 0.5 { speaking = start }
  if let begin = speaking, probability < 0.35 || isEnd {
    print(
      String(format: "speech from %6.2f s to %6.2f s", Double(begin) / 16000, Double(start) / 16000)
    )
    speaking = nil
  }
}
