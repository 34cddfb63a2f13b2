import Recurrent

/// The functions of `recurrent_audio.h`, for audio code in C and C++.
private typealias Effect = ModelStream<RecurrentStack>

private func effect(_ handle: UnsafeMutableRawPointer) -> Unmanaged<Effect> {
  Unmanaged<Effect>.fromOpaque(handle)
}

/// See `recurrent_audio.h`.
@_cdecl("recurrent_audio_open")
public func open(
  _ path: UnsafePointer<CChar>, _ message: UnsafeMutablePointer<CChar>?, _ size: Int
) -> UnsafeMutableRawPointer? {
  do {
    let file = try RTNeuralFile(path: String(cString: path))
    let stream = ModelStream(file.model, inputSize: file.inputSize)
    guard stream.inputSize == 1, stream.outputSize == 1, stream.isLaidOut else {
      throw DataError(
        file: String(cString: path), problem: "the network is not one sample in, one sample out")
    }
    return Unmanaged.passRetained(stream).toOpaque()
  } catch {
    if let message, size > 0 {
      let text = Array("\(error)".utf8.prefix(size - 1)) + [0]
      for (index, byte) in text.enumerated() { message[index] = CChar(bitPattern: byte) }
    }
    return nil
  }
}

/// See `recurrent_audio.h`.
@_cdecl("recurrent_audio_process")
public func process(
  _ handle: UnsafeMutableRawPointer, _ input: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>, _ count: Int
) {
  effect(handle)._withUnsafeGuaranteedRef {
    $0.process(
      UnsafeBufferPointer(start: input, count: count),
      into: UnsafeMutableBufferPointer(start: output, count: count))
  }
}

/// See `recurrent_audio.h`.
@_cdecl("recurrent_audio_reset")
public func reset(_ handle: UnsafeMutableRawPointer) {
  effect(handle)._withUnsafeGuaranteedRef { $0.reset() }
}

/// See `recurrent_audio.h`.
@_cdecl("recurrent_audio_close")
public func close(_ handle: UnsafeMutableRawPointer) { effect(handle).release() }
