import Recurrent
import TestSupport
import Testing

@testable import RecurrentONNX

/// DynamicQuantizeLSTM on whole numbers against the same on widened weights, which a clip that is never met asks for.
@Suite struct QuantizedLSTMTests {
  /// What a node gives with weights of these types, zero points and scales: one for a direction or one a column.
  private func outputs(
    unsigned: Bool, byColumn: Bool, clip: Float?, lengths: [Int64]? = nil
  ) throws -> [String: OnnxTensor] {
    let (units, features, rows, time, directions) = (5, 3, 3, 6, 2)
    let columns = 4 * units
    func bytes(_ shape: [Int], _ step: Int) -> OnnxTensor {
      let values = (0..<shape.reduce(1, *)).map { Int64($0 * step % 255) - (unsigned ? 0 : 127) }
      return OnnxTensor(values, shape: shape, unsigned ? .uint8 : .int8)
    }
    let each = byColumn ? [directions, columns] : [directions]
    func scales(_ least: Float) -> OnnxTensor {
      OnnxTensor(
        Tensor((0..<each.reduce(1, *)).map { least * Float(1 + $0 % 4) }, shape: each))
    }
    func zeros(_ shift: Int) -> OnnxTensor {
      OnnxTensor(
        (0..<each.reduce(1, *)).map { Int64($0 % 3 + (unsigned ? 127 : 0) + shift) }, shape: each,
        unsigned ? .uint8 : .int8)
    }
    var attributes: [String: OnnxGraph.Attribute] = [
      "hidden_size": .integer(Int64(units)), "direction": .text("bidirectional"),
    ]
    if let clip { attributes["clip"] = .float(clip) }
    var node = SmallGraph.node(
      "DynamicQuantizeLSTM",
      [
        "x", "W", "R", "B", lengths == nil ? "" : "lengths", "h", "c", "", "ws", "wz", "rs", "rz",
      ], ["Y", "Yh", "Yc"], attributes)
    node.domain = "com.microsoft"
    let model = try SmallGraph.model(
      [node], inputs: ["x"], outputs: ["Y", "Yh", "Yc"],
      constants: [
        ("W", bytes([directions, features, columns], 41)),
        ("R", bytes([directions, units, columns], 23)),
        ("B", OnnxTensor(SmallGraph.numbers([directions, 2 * columns]))),
        ("h", OnnxTensor(SmallGraph.numbers([directions, rows, units]))),
        ("c", OnnxTensor(SmallGraph.numbers([directions, rows, units]))),
        ("ws", scales(0.004)), ("wz", zeros(0)), ("rs", scales(0.003)), ("rz", zeros(1)),
      ] + (lengths.map { [("lengths", OnnxTensor($0, shape: [rows], .int32))] } ?? []))
    let x = SmallGraph.numbers([time, rows, features])
    return try model.again(["x": OnnxTensor(x)])
  }

  @Test(arguments: [false, true], [false, true])
  func isWhatWidenedWeightsGive(unsigned: Bool, byColumn: Bool) throws {
    for lengths: [Int64]? in [nil, [6, 2, 0]] {
      let found = try outputs(unsigned: unsigned, byColumn: byColumn, clip: nil, lengths: lengths)
      let wanted = try outputs(unsigned: unsigned, byColumn: byColumn, clip: 1e30, lengths: lengths)
      for name in ["Y", "Yh", "Yc"] {
        let (own, other) = (try #require(found[name]), try #require(wanted[name]))
        #expect(other.floats.contains { abs($0) > 0.1 })
        expectClose(
          own.floats, shape: own.shape, to: other.floats, shape: other.shape, within: 2e-6, name)
      }
    }
  }

  /// A zero point that no eight bits hold is told, not computed with.
  @Test(arguments: [Float.nan, 1e20]) func zeroPointsAreOfEightBits(_ zero: Float) throws {
    let bytes = OnnxTensor([1, 2, 3, 4], shape: [2, 2], .uint8)
    for (a, b): (OnnxTensor?, OnnxTensor?) in [
      (OnnxTensor(Tensor(zero)), nil), (nil, OnnxTensor(Tensor(zero))),
    ] {
      let zeros = [("za", a), ("zb", b)].compactMap { name, tensor in tensor.map { (name, $0) } }
      let error = try dataError {
        let model = try SmallGraph.model(
          [
            SmallGraph.node(
              "MatMulInteger", ["A", "B"] + (a != nil ? ["za"] : ["", "zb"]), ["y"])
          ], inputs: [], outputs: ["y"],
          constants: [("A", bytes), ("B", bytes)] + zeros)
        _ = try model.again([:])
      }
      #expect(
        "\(error)".contains(
          "the zero point of input \(a != nil ? 0 : 1) is of float32, expected eight bits"))
    }
  }
}
