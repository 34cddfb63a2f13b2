import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// Sound files whose tensors have shapes of any kind, zeros and the largest numbers among them.
@Suite struct HostileWeightsTests {
  /// A file with most of these tensors; large extents pass where another is 0, as then there are no
  /// elements.
  static func file(
    _ names: [String], using generator: inout SeededGenerator
  ) throws -> SafetensorsFile {
    let extents = ["0", "1", "1", "3", "12", "4611686018427387904", "9223372036854775807"]
    var members: [String] = []
    var end = 0
    for name in names where Int.random(in: 0..<6, using: &generator) > 0 {
      var shape: [String] = []
      for _ in 0..<(Int.random(in: 0..<8, using: &generator) == 0 ? 3 : 2) {
        shape.append(try #require(extents.randomElement(using: &generator)))
      }
      let large = shape.indices.filter { shape[$0].count > 2 }
      if let first = large.first {
        // One large extent among zeros is the most that a file can hold.
        for index in shape.indices where index != first { shape[index] = "0" }
      }
      let count = large.isEmpty ? shape.reduce(1) { $0 * (Int($1) ?? 0) } : 0
      members.append(
        "\"\(name)\":{\"dtype\":\"F32\",\"shape\":[\(shape.joined(separator: ","))],"
          + "\"data_offsets\":[\(end),\(end + 4 * count)]}")
      end += 4 * count
    }
    return try SafetensorsFile(
      bytes: safetensors("{\(members.joined(separator: ","))}", dataCount: end), source: "x")
  }

  /// Whether `body` is refused; any error but a ``DataError`` fails the test.
  static func isRefused(_ body: () throws -> Void) throws -> Bool {
    do {
      try body()
      return false
    } catch is DataError {
      return true
    }
  }

  @Test func shapesOfAnyKindNeverCrash() throws {
    var generator = SeededGenerator(seed: 41)
    var (refused, read) = (0, 0)
    func count(_ body: () throws -> Void) throws {
      if try Self.isRefused(body) { refused += 1 } else { read += 1 }
    }
    for _ in 0..<3_000 {
      let torch = try Self.file(
        ["weight_ih_l0", "weight_hh_l0", "weight_hr_l0"], using: &generator)
      for cell in CellKind.allCases {
        try count {
          var weights = PyTorchWeights(torch)
          _ = try weights.recurrentStack("", cell: cell)
        }
      }
      let dense = try Self.file(["weight", "bias"], using: &generator)
      try count {
        var weights = PyTorchWeights(dense)
        _ = try weights.dense("")
      }
      let keras = try Self.file(["0.kernel", "1.recurrent_kernel", "2.bias"], using: &generator)
      try count {
        var weights = try KerasWeights(keras)
        _ = try weights.lstm()
      }
      try count {
        var weights = try KerasWeights(keras)
        _ = try weights.gru(bias: false)
      }
      try count {
        var weights = try KerasWeights(keras)
        _ = try weights.simpleRNN()
      }
      try count {
        var weights = try KerasWeights(keras)
        _ = try weights.dense(bias: false)
      }
      let recording = try Self.file(["input", "output", "initial.0", "final.0"], using: &generator)
      try count { _ = try Recording(recording) }
    }
    #expect(refused > 20_000 && read > 500, "\(refused) refused, \(read) read")
  }
}
