import Foundation
import RecurrentFiles
import TestSupport

@testable import RecurrentData

/// A picture of random samples, encoded by the rules of PNG and not by the library.
struct TestPNG {
  let width, height, depth, channels: Int
  let colour: UInt8
  let samples: [Int]

  init(
    width: Int, height: Int, colour: UInt8, depth: Int, channels: Int,
    samples: [Int]? = nil, using generator: inout SeededGenerator
  ) {
    (self.width, self.height, self.depth, self.channels) = (width, height, depth, channels)
    self.colour = colour
    self.samples =
      samples
      ?? (0..<width * height * channels).map { _ in
        Int.random(in: 0..<1 << depth, using: &generator)
      }
  }

  /// The pass of each pixel of a square of 8 × 8, as the standard draws it.
  private static let passes = [
    [1, 6, 4, 6, 2, 6, 4, 6], [7, 7, 7, 7, 7, 7, 7, 7], [5, 6, 5, 6, 5, 6, 5, 6],
    [7, 7, 7, 7, 7, 7, 7, 7], [3, 6, 4, 6, 3, 6, 4, 6], [7, 7, 7, 7, 7, 7, 7, 7],
    [5, 6, 5, 6, 5, 6, 5, 6], [7, 7, 7, 7, 7, 7, 7, 7],
  ]

  /// The pictures of the passes, one after the other.
  private var interlaced: [UInt8] {
    (1...7).flatMap { pass -> [UInt8] in
      let rows = (0..<height).map { row in
        (0..<width).filter { Self.passes[row % 8][$0 % 8] == pass }.map { row * width + $0 }
      }.filter { !$0.isEmpty }
      let pixels = rows.joined().flatMap { samples[$0 * channels..<($0 + 1) * channels] }
      return Self(self, width: rows.first?.count ?? 0, height: rows.count, samples: pixels).filtered
    }
  }

  private init(_ whole: TestPNG, width: Int, height: Int, samples: [Int]) {
    (self.width, self.height, self.samples) = (width, height, samples)
    (depth, channels, colour) = (whole.depth, whole.channels, whole.colour)
  }

  /// Row r has filter type r mod 5.
  private var filtered: [UInt8] {
    let step = max(1, channels * depth / 8)
    var previous = [UInt8](repeating: 0, count: (width * channels * depth + 7) / 8)
    var result: [UInt8] = []
    for row in 0..<height {
      var bits: [UInt8] = []
      for sample in samples[row * width * channels..<(row + 1) * width * channels] {
        bits += (0..<depth).reversed().map { UInt8(sample >> $0 & 1) }
      }
      while bits.count % 8 != 0 { bits.append(0) }
      let bytes = stride(from: 0, to: bits.count, by: 8).map { start in
        bits[start..<start + 8].reduce(0) { $0 << 1 | $1 }
      }
      result.append(UInt8(row % 5))
      for place in bytes.indices {
        let a = place >= step ? Int(bytes[place - step]) : 0
        let b = Int(previous[place])
        let c = place >= step ? Int(previous[place - step]) : 0
        let nearest = [a, b, c].min { abs(a + b - c - $0) < abs(a + b - c - $1) } ?? 0
        let guess = [0, a, b, (a + b) / 2, nearest][row % 5]
        result.append(bytes[place] &- UInt8(guess))
      }
      previous = bytes
    }
    return result
  }

  func bytes(declaring size: (Int, Int)? = nil, interlaced: UInt8 = 0) -> [UInt8] {
    let (width, height) = size ?? (self.width, self.height)
    return PNGFile.signature
      + Self.chunk(
        "IHDR",
        Self.four(width) + Self.four(height) + [UInt8(depth), colour, 0, 0, interlaced])
      + Self.chunk("tEXt", Array("Title\0test".utf8))
      + Self.chunk("IDAT", Zlib.packed(interlaced == 1 ? self.interlaced : filtered))
      + Self.chunk("IEND", [])
  }

  static func four(_ value: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
  }

  static func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let named = Array(name.utf8) + data
    return four(data.count) + named + four(Int(Zlib.checksum(of: named[...])))
  }
}
