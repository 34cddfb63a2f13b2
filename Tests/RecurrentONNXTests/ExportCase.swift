import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentONNX
@testable import RecurrentTasks

/// One exported network: the file, inputs, and what the network itself gives.
struct ExportCase: Sendable {
  let bytes: [UInt8]
  var inputs: [String: OnnxTensor]
  var outputs: [String: Tensor]

  /// Rows of these lengths, padded with zeros.
  static let lengths = [5, 2, 0, 4]

  static var sequences: SequenceBatch {
    SequenceBatch(SmallGraph.numbers([4, 5, 3]) * 2, lengths: lengths)
  }

  private static var counts: OnnxTensor {
    OnnxTensor(lengths.map { Int64($0) }, shape: [4], .int32)
  }

  init(bytes: [UInt8], inputs: [String: OnnxTensor], outputs: [String: Tensor]) {
    (self.bytes, self.inputs, self.outputs) = (bytes, inputs, outputs)
  }

  init(bytes: [UInt8], inputs: [String: OnnxTensor], output: Tensor) {
    (self.bytes, self.inputs, outputs) = (bytes, inputs, ["output": output])
  }

  /// A layer over sequences of three features.
  init<L: Layer<SequenceBatch, SequenceBatch>>(_ layer: L) throws where L: OnnxExportable {
    let output = layer(Self.sequences)
    try self.init(layer, output: output.values)
    if output.lengths != Self.lengths {
      outputs["output_lengths"] = Tensor(output.lengths.map { Float($0) })
    }
  }

  init<L: Layer<SequenceBatch, Tensor>>(_ layer: L) throws where L: OnnxExportable {
    try self.init(layer, output: layer(Self.sequences))
  }

  init(_ layer: any OnnxExportable, output: Tensor) throws {
    bytes = try OnnxBuilder.encode(layer, input: .sequences(features: 3), name: "case")
    inputs = ["input": OnnxTensor(Self.sequences.values), "lengths": Self.counts]
    outputs = ["output": output]
  }

  static let tokens = [[1, 2, 3, 4, 5], [6, 0], [], [2, 2, 1, 3]]

  /// A network over tokens.
  init(tokens network: any OnnxExportable, output: Tensor) throws {
    bytes = try OnnxBuilder.encode(network, input: .tokens, name: "case")
    let ids = Self.tokens.flatMap { row in (0..<5).map { Int64($0 < row.count ? row[$0] : 0) } }
    inputs = ["input": OnnxTensor(integers: ids, shape: [4, 5]), "lengths": Self.counts]
    outputs = ["output": output]
  }

  init(vectors network: any OnnxExportable, _ input: Tensor, output: Tensor) throws {
    bytes = try OnnxBuilder.encode(
      network, input: .vectors(features: input.shape[1]), name: "case")
    inputs = ["input": OnnxTensor(input)]
    outputs = ["output": output]
  }
}
