import RecurrentCore
import RecurrentFiles

/// A graph that is ready to run: values have numbers for names, each node its kernel.
struct Block: Sendable {
  var steps: [Step] = []
  /// The slots of the graph's outputs.
  var outputs: [Int] = []
}

/// A node of it.
struct Step: Sendable {
  enum Body: Sendable {
    case kernel(Kernel)
    case planned(any PlannedNode)
    case recurrent(RecurrentNode)
    indirect case branch(Block, Block)
    indirect case loop(ScanNode)
  }

  /// The node as messages name it.
  let label: String
  /// The node's operator, behind its domain where that is not ONNX's own.
  let operation: String
  /// Slots; -1 for what is left out.
  let inputs: [Int]
  let outputs: [Int]
  let body: Body
  /// Slots that nobody reads after this step.
  var releases: [Int] = []
}

/// Makes blocks of graphs: looks up operators, names what is not supported, and computes once what
/// depends on constants alone.
struct Planner {
  private let source: String
  private let opsets: [String: Int]
  private(set) var slotCount = 0
  private(set) var constants: [Int: OnnxTensor] = [:]
  /// What each name means, in the graph and those around it.
  private var scopes: [[String: Int]] = []
  /// Why nodes cannot be run, one sentence a node.
  private(set) var refusals: [String] = []
  /// Elements that computed constants may still have.
  private var budget: Int
  /// Shapes of values that are known before anything runs.
  private var shapes: [Int: [Int]] = [:]
  private var nodeCount = 0
  private var isInLoop = false

  init(_ file: OnnxFile, budget: Int) {
    (source, opsets, self.budget) = (file.source, file.opsets, budget)
  }

  /// Plans a graph and gives the slots of those inputs that must be given.
  mutating func plan(_ graph: OnnxGraph) throws(DataError) -> (block: Block, inputs: [Int]) {
    scopes = [[:]]
    for (name, tensor) in graph.constants { constants[define(name)] = tensor }
    var inputs: [Int] = []
    for port in graph.inputs where scopes[0][port.name] == nil {
      let slot = define(port.name)
      inputs.append(slot)
      let sizes = port.dimensions?.compactMap { dimension -> Int? in
        if case .fixed(let size) = dimension { return size }
        return nil
      }
      if let sizes, sizes.count == port.dimensions?.count { shapes[slot] = sizes }
    }
    var block = try nodes(of: graph)
    release(&block, keeping: block.outputs)
    forgetUnused(block)
    return (block, inputs)
  }

  private mutating func define(_ name: String) -> Int {
    if name.isEmpty { return -1 }
    defer { slotCount += 1 }
    scopes[scopes.count - 1][name] = slotCount
    return slotCount
  }

  private func slot(_ name: String) -> Int? {
    for scope in scopes.reversed() {
      if let slot = scope[name] { return slot }
    }
    return nil
  }

  private func error(_ label: String, _ problem: Problem) -> DataError {
    DataError(file: source, place: label, problem: problem.text, advice: problem.advice)
  }

  /// The nodes of a graph whose scope is open, and its outputs.
  private mutating func nodes(of graph: OnnxGraph) throws(DataError) -> Block {
    var block = Block()
    for node in graph.nodes { try add(node, to: &block) }
    for port in graph.outputs {
      guard let slot = slot(port.name) else {
        throw DataError(
          file: source, place: "output \(quoted(port.name))", problem: "no node makes it")
      }
      block.outputs.append(slot)
    }
    return block
  }

  private mutating func add(_ node: OnnxGraph.Node, to block: inout Block) throws(DataError) {
    let opset = opsets[node.domain] ?? 0
    let version = node.domain.isEmpty ? "opset \(opset)" : "\(node.domain) \(opset)"
    let name = node.name.isEmpty ? "" : " \(quoted(node.name))"
    let label = "node \(nodeCount) \(node.operation)\(name) (\(version))"
    nodeCount += 1
    var inputs: [Int] = []
    for name in node.inputs {
      guard let slot = name.isEmpty ? -1 : slot(name) else {
        throw DataError(
          file: source, place: label,
          problem: "its input \(quoted(name)) is made by no node before it",
          advice: "The nodes of a graph follow one another; the file is damaged or runs in a circle"
        )
      }
      inputs.append(slot)
    }
    let known = inputs.map { constants[$0] }
    if node.domain.isEmpty, node.operation == "If" {
      return try addBranch(node, label, inputs, to: &block)
    }
    if node.domain.isEmpty, node.operation == "Scan", opset >= 9 {
      return try addLoop(node, label, inputs, known, opset, to: &block)
    }
    let outputs = try node.outputs.map { (name) throws(DataError) -> Int in
      guard name.isEmpty || scopes[scopes.count - 1][name] == nil else {
        throw DataError(
          file: source, place: label, problem: "its output \(quoted(name)) is made a second time")
      }
      return define(name)
    }
    if node.domain.isEmpty, node.operation == "Shape", node.attributes.isEmpty,
      let shape = inputs.first.flatMap({ shapes[$0] }), outputs.count == 1
    {
      constants[outputs[0]] = OnnxTensor(
        integers: shape.map { Int64($0) }, shape: [shape.count])
      return
    }
    let key = Operators.key(node)
    guard let maker = Operators.makers[key],
      !node.domain.isEmpty || (7...22).contains(opset)
    else {
      refusals.append(label)
      return
    }
    let settings = NodeSettings(node: node, opset: opset, constants: known)
    let step: Step
    do throws(Problem) {
      if node.domain.isEmpty, let cell = OnnxCell(rawValue: node.operation) {
        step = Step(
          label: label, operation: key, inputs: inputs, outputs: outputs,
          body: .recurrent(try RecurrentNode(settings, cell)))
      } else if let make = Operators.planned[key] {
        step = Step(
          label: label, operation: key, inputs: inputs, outputs: outputs,
          body: .planned(try make(settings)))
      } else {
        let kernel = try maker(settings)
        step = Step(
          label: label, operation: key, inputs: inputs, outputs: outputs, body: .kernel(kernel))
        let isConstant = zip(inputs, known).allSatisfy { $0 == -1 || $1 != nil }
        if isConstant, !Self.longRunning.contains(node.operation),
          try fold(kernel, known, outputs)
        {
          return
        }
      }
    } catch {
      throw self.error(label, error)
    }
    block.steps.append(step)
  }

  /// Products of constants are left to the first run: a small file can ask for a very large one. So are nodes that can be
  /// planned, which all are such products.
  private static let longRunning: Set = ["MatMulInteger"]

  /// Computes a node of constants; false if there is no room for what it gives.
  private mutating func fold(
    _ kernel: Kernel, _ inputs: [OnnxTensor?], _ outputs: [Int]
  ) throws(Problem) -> Bool {
    let results: [OnnxTensor]
    do throws(Problem) {
      results = try kernel(Call(inputs: inputs, room: budget))
    } catch {
      if error.isTooLarge { return false }
      throw error
    }
    budget -= results.reduce(0) { $0 + $1.count }
    for (slot, result) in zip(outputs, results) where slot >= 0 { constants[slot] = result }
    return true
  }

  private mutating func addBranch(
    _ node: OnnxGraph.Node, _ label: String, _ inputs: [Int], to block: inout Block
  ) throws(DataError) {
    guard case .graph(let yes)? = node.attributes["then_branch"],
      case .graph(let no)? = node.attributes["else_branch"], inputs.count == 1, inputs[0] >= 0,
      yes.outputs.count == node.outputs.count, no.outputs.count == node.outputs.count
    else {
      throw error(label, Problem("it has no condition and two branches with its outputs"))
    }
    // A condition that is known leaves one branch, whose nodes stand in the graph itself.
    if let condition = constants[inputs[0]]?.integers?.first {
      let graph = condition != 0 ? yes : no
      scopes.append([:])
      for (name, tensor) in graph.constants { constants[define(name)] = tensor }
      let chosen = try nodes(of: graph)
      scopes.removeLast()
      block.steps += chosen.steps
      for (name, slot) in zip(node.outputs, chosen.outputs) where !name.isEmpty {
        scopes[scopes.count - 1][name] = slot
      }
      return
    }
    var branches: [Block] = []
    for graph in [yes, no] {
      scopes.append([:])
      for (name, tensor) in graph.constants { constants[define(name)] = tensor }
      branches.append(try nodes(of: graph))
      scopes.removeLast()
    }
    block.steps.append(
      Step(
        label: label, operation: node.operation, inputs: inputs,
        outputs: node.outputs.map { define($0) },
        body: .branch(branches[0], branches[1])))
  }

  private mutating func addLoop(
    _ node: OnnxGraph.Node, _ label: String, _ inputs: [Int], _ known: [OnnxTensor?], _ opset: Int,
    to block: inout Block
  ) throws(DataError) {
    guard case .graph(let body)? = node.attributes["body"] else {
      throw error(label, Problem("it has no body"))
    }
    // One in the other would run for as many steps as both have together.
    guard !isInLoop else {
      throw error(label, Problem("it stands in the body of another Scan, which is not supported"))
    }
    let settings = NodeSettings(node: node, opset: opset, constants: known)
    scopes.append([:])
    isInLoop = true
    for (name, tensor) in body.constants { constants[define(name)] = tensor }
    let slots = body.inputs.map { define($0.name) }
    let inner = try nodes(of: body)
    scopes.removeLast()
    isInLoop = false
    let loop: ScanNode
    do throws(Problem) {
      loop = try ScanNode(settings, body: inner, inputs: slots)
    } catch {
      throw self.error(label, error)
    }
    block.steps.append(
      Step(
        label: label, operation: node.operation, inputs: inputs,
        outputs: node.outputs.map { define($0) }, body: .loop(loop)))
  }

  // MARK: What is kept

  /// The slots that a step reads, those of the graphs in it included.
  private static func reads(_ step: Step) -> [Int] {
    let blocks: [Block] =
      switch step.body {
      case .branch(let yes, let no): [yes, no]
      case .loop(let loop): [loop.body]
      default: []
      }
    return step.inputs
      + blocks.flatMap { block in block.steps.flatMap(reads) + block.outputs }
  }

  private func release(_ block: inout Block, keeping outputs: [Int]) {
    var isNeeded = Set(outputs)
    for index in block.steps.indices.reversed() {
      let step = block.steps[index]
      for slot in Set(Self.reads(step) + step.outputs)
      where slot >= 0 && constants[slot] == nil && isNeeded.insert(slot).inserted {
        block.steps[index].releases.append(slot)
      }
    }
  }

  /// Layers keep their weights in an order of their own: what only they read need not stay.
  private mutating func forgetUnused(_ block: Block) {
    let read = Set(block.outputs + block.steps.flatMap(Self.reads))
    constants = constants.filter { read.contains($0.key) }
  }
}
