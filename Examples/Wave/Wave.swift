import Foundation

/// Samples of one channel, in -1 … 1, from and to WAV files of 16 bits.
public struct Wave {
  /// The samples.
  public var samples: [Float]
  /// Samples a second.
  public let rate: Int

  /// A file that is not what is read here.
  public struct Problem: Error, CustomStringConvertible {
    /// What is wrong.
    public let description: String
  }

  /// Samples.
  public init(_ samples: [Float], rate: Int) { (self.samples, self.rate) = (samples, rate) }

  /// Reads a file; several channels are averaged.
  public init(file path: String) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    func number(_ offset: Int, _ size: Int) -> Int {
      (0..<size).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    func name(_ offset: Int) -> String {
      String(decoding: bytes[offset..<offset + 4], as: UTF8.self)
    }
    guard bytes.count > 12, name(0) == "RIFF", name(8) == "WAVE" else {
      throw Problem(description: "\(path) is not a WAV file")
    }
    var (position, channels, rate, samples) = (12, 0, 0, [Float]())
    while position + 8 <= bytes.count {
      let size = min(number(position + 4, 4), bytes.count - position - 8)
      let start = position + 8
      if name(position) == "fmt ", size >= 16 {
        guard number(start, 2) == 1, number(start + 14, 2) == 16, number(start + 2, 2) > 0 else {
          throw Problem(description: "\(path) is not of 16-bit whole numbers (PCM)")
        }
        (channels, rate) = (number(start + 2, 2), number(start + 4, 4))
      } else if name(position) == "data", channels > 0 {
        let values = (0..<size / 2).map {
          Float(Int16(truncatingIfNeeded: number(start + 2 * $0, 2))) / 32768
        }
        samples = stride(from: 0, to: values.count - channels + 1, by: channels).map {
          values[$0..<$0 + channels].reduce(0, +) / Float(channels)
        }
      }
      position = start + size + size % 2
    }
    self.init(samples, rate: rate)
  }

  /// Writes a file of 16 bits.
  public func write(to path: String) throws {
    var data = Data()
    func put(_ value: Int, _ size: Int) {
      for byte in 0..<size { data.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
    }
    data += Data("RIFF".utf8)
    put(36 + 2 * samples.count, 4)
    data += Data("WAVEfmt ".utf8)
    for (value, size) in [(16, 4), (1, 2), (1, 2), (rate, 4), (2 * rate, 4), (2, 2), (16, 2)] {
      put(value, size)
    }
    data += Data("data".utf8)
    put(2 * samples.count, 4)
    for sample in samples { put(Int((max(-1, min(1, sample)) * 32767).rounded()), 2) }
    try data.write(to: URL(fileURLWithPath: path))
  }
}
