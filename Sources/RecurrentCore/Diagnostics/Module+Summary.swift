extension Module {
  /// A table of the layers: where each stands, what it is, how many parameters it has; and their
  /// number in all.
  ///
  /// ```swift
  /// print(model.summary)
  /// ```
  public var summary: String { summary(of: parts.filter(\.isLeaf), outputs: [:]) }

  /// The children and their own parts, in visiting order.
  fileprivate var parts: [ModulePart] {
    var parts: [ModulePart] = []
    var copy = self
    let hear = { (name: String, child: any Module) in
      parts.append(ModulePart(name: name, module: child))
    }
    var visitor = ParameterVisitor(childAction: hear)
    copy.visitParameters(&visitor)
    for index in parts.indices {
      let next = parts.dropFirst(index + 1).first?.name ?? ""
      parts[index].isLeaf = !next.hasPrefix(parts[index].name + ".")
    }
    return parts
  }

  fileprivate func summary(of parts: [ModulePart], outputs: [String: [Int]]) -> String {
    var rows = [["", "layer", "output", "parameters"]]
    for part in parts {
      rows.append([
        part.name, part.kind, outputs[part.name].map { "\($0)" } ?? "",
        "\(part.module.parameterCount)",
      ])
    }
    let accounted = parts.reduce(0) { $0 &+ $1.module.parameterCount }
    let own = parameterCount &- accounted
    if own != 0 { rows.append(["", "of its own", "", "\(own)"]) }
    if outputs.isEmpty { rows = rows.map { [$0[0], $0[1], $0[3]] } }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      let cells = zip(row, widths).enumerated().map { column, cell in
        let space = String(repeating: " ", count: cell.1 - cell.0.count)
        return column == row.count - 1 ? space + cell.0 : cell.0 + space
      }
      return cells.joined(separator: "  ")
    }
    let measured = statistics.reduce(0) { $0 &+ $1.tensor.count }
    return lines.joined(separator: "\n") + "\n\(parameterCount) parameters"
      + (measured > 0 ? " and \(measured) measured numbers" : "")
  }
}

extension Sequential {
  /// A table of the layers: position, what each is, the shape of its output for `example`, how many
  /// parameters it has; and their number in all.
  ///
  /// ```swift
  /// print(model.summary(for: batch.inputs))
  /// ```
  public func summary(for example: Input) -> String {
    var outputs: [String: [Int]] = [:]
    _ = layers.forward(example) { outputs["\(outputs.count)"] = shape(of: $0) }
    return summary(of: parts.filter { outputs[$0.name] != nil }, outputs: outputs)
  }
}

/// A part of a module, by the name that its parameters begin with.
private struct ModulePart {
  let name: String
  let module: any Module
  var isLeaf = true

  /// The module's type, with what a recurrent layer says of itself.
  var kind: String {
    let module = (module as? AnyLayer)?.base ?? module
    if let path = (module as? any Layer)?.paths.first, path.name.isEmpty { return path.layer }
    let type = "\(type(of: module))"
    return type.contains("NextLayer") ? String(type.prefix { $0 != "<" }) : type
  }
}

private func shape(of value: any Sendable) -> [Int] {
  switch value {
  case let tensor as Tensor: tensor.shape
  case let batch as SequenceBatch: batch.values.shape
  case let batch as TokenBatch: [batch.batchSize, batch.time]
  case let batch as any BatchValue: [batch.batchSize]
  default: []
  }
}
