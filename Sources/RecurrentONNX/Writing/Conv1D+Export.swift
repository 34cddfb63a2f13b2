import RecurrentCore
import RecurrentFiles

// Documented by the protocol.
// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Conv1D: OnnxExportable {
  public func export(_ input: String, to graph: inout OnnxBuilder) throws(DataError) -> String {
    guard !graph.carriesState || weights.shape[0] == 1 else {
      throw DataError(
        .unwritable, file: "ONNX",
        problem: "a convolution keeps inputs from piece to piece, which is not written with a state"
      )
    }
    let (kernel, features) = (weights.shape[0], weights.shape[1])
    var added = (left: 0, right: 0)
    let shown: String
    if padding == .same, stride > 1 {
      // Rows of other lengths have other numbers of steps before their first.
      let whole = graph.wholeLengths()
      let outputs = graph.quotient(graph.sum(whole, graph.constant([stride - 1])), stride)
      let most = graph.product(
        graph.sum(outputs, graph.constant([-1])), graph.constant([stride]))
      let missing = graph.node(
        "Sub", [graph.sum(most, graph.constant([reach + 1])), whole])
      let total = graph.node("Max", [missing, graph.constant([0])])
      shown = graph.padded(
        input, features: features, before: graph.quotient(total, 2), most: reach, added: reach,
        with: paddingMode)
    } else {
      added = margins(of: 1)
      if paddingMode == .zeros {
        // What lies behind a row's end counts as 0.
        shown =
          graph.lengths.isEmpty ? input : graph.product(input, graph.numericMask(of: input))
      } else {
        shown = graph.padded(
          input, features: features, before: graph.constant([added.left]), most: added.left,
          added: added.left + added.right, with: paddingMode)
        added = (0, 0)
      }
    }
    let constants =
      [graph.constant(weights.permuted([2, 1, 0]), "kernel")]
      + (bias.map { [graph.constant($0, "bias")] } ?? [])
    let value = graph.node(
      "Conv", [graph.transpose(shown, [0, 2, 1])] + constants,
      [
        "kernel_shape": .integers([Int64(kernel)]), "dilations": .integers([Int64(dilation)]),
        "strides": .integers([Int64(stride)]),
        "pads": .integers([Int64(added.left), Int64(added.right)]),
      ])
    if !keepsSteps, !graph.lengths.isEmpty { exportLengths(to: &graph) }
    return graph.transpose(value, [0, 2, 1])
  }

  /// From here on rows have as many steps as the convolution gives.
  private func exportLengths(to graph: inout OnnxBuilder) {
    let whole = graph.wholeLengths()
    let margin = margins(of: 1)
    let less = padding == .same ? -1 : margin.left + margin.right - reach - 1
    let steps = graph.quotient(graph.sum(whole, graph.constant([less + stride])), stride)
    // Of an empty row nothing, whatever stands around it.
    let isThere = graph.node("Min", [whole, graph.constant([1])])
    let counts = graph.product(graph.node("Max", [steps, graph.constant([0])]), isThere)
    graph.lengths = graph.node("Cast", [graph.squeeze(counts, [1])], ["to": .integer(6)])
  }
}
