import Foundation
import Recurrent
import TestSupport
import Testing

@testable import RecurrentCore

/// A safetensors file of these tensors.
func safetensors(
  _ tensors: [String: StoredTensor], source: String = "w.safetensors"
) throws -> SafetensorsFile {
  try SafetensorsFile(
    bytes: SafetensorsFile.encode(tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }),
    source: source)
}

/// Tensors compared bit for bit.
func expectSameBits(
  _ found: [(name: String, tensor: StoredTensor)], _ expected: [String: StoredTensor],
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(
    found.map(\.name).sorted() == expected.keys.sorted(), sourceLocation: sourceLocation)
  for (name, tensor) in found {
    #expect(
      tensor.shape == expected[name]?.shape
        && tensor.values.map(\.bitPattern) == expected[name]?.values.map(\.bitPattern),
      "\(name)", sourceLocation: sourceLocation)
  }
}

@Suite struct PyTorchWeightsTests {
  static let cases: [FixtureCase] = {
    do {
      return try Fixtures.cases(of: "pytorch") { $0["kind"]?.string == "layer" }
    } catch {
      Issue.record(error)
      return []
    }
  }()

  /// What PyTorch gave, as a recording for our stack: its states are h and c of each layer and
  /// direction.
  static func recording(_ reference: FixtureCase) throws -> Recording {
    var tensors = [
      "input": try reference.floats("input"), "output": try reference.floats("output"),
    ]
    for kind in ["initial", "final"] {
      for (index, state) in try reference.pyTorchStates(kind).enumerated() {
        tensors["\(kind).\(index)"] = StoredTensor(shape: state.shape, values: state.elements)
      }
    }
    let lengths =
      reference.file.names.contains("lengths") ? try reference.file.integers("lengths") : nil
    return try Recording(
      SafetensorsFile(
        bytes: SafetensorsFile.encode(
          tensors.map { ($0.key, $0.value) }, integers: lengths.map { [("lengths", $0)] } ?? []),
        source: reference.name))
  }

  /// Import, replay of what PyTorch computed, and export of the same bits.
  @Test(arguments: cases)
  func modulesAreReadReplayedAndWrittenBack(_ reference: FixtureCase) throws {
    var theirs: [String: StoredTensor] = [:]
    for (name, tensor) in try reference.tensors("weight.") { theirs["model.rnn." + name] = tensor }
    var weights = PyTorchWeights(try safetensors(theirs))
    let (cell, options) = try reference.pyTorchCell()
    let stack = try weights.recurrentStack("model.rnn", cell: cell, options: options)
    try weights.finish()
    #expect(stack.layers.count == reference.config["layers"]?.int ?? 1)
    try stack.replay(Self.recording(reference), tolerance: Float(reference.tolerance))

    var back = PyTorchWeights()
    try back.add(stack, as: "model.rnn")
    try withTemporaryFolder { folder in
      let path = folder + "/back.safetensors"
      try back.write(to: path)
      let file = try SafetensorsFile(path: path)
      expectSameBits(try file.names.map { ($0, try file.floats($0)) }, theirs)
    }
  }

  @Test func denseIsReadAndWritten() throws {
    let theirs = [
      "a.head.weight": StoredTensor(shape: [2, 3], values: [1, 2, 3, 4, 5, 6]),
      "a.head.bias": StoredTensor(shape: [2], values: [7, 8]),
      "plain.weight": StoredTensor(shape: [1, 2], values: [9, 10]),
    ]
    var weights = PyTorchWeights(try safetensors(theirs))
    let head = try weights.dense("a.head", activation: .relu)
    #expect(head.weights == Tensor([1, 4, 2, 5, 3, 6], shape: [3, 2]))
    #expect(head.bias == Tensor([7, 8]))
    #expect(head.activation == .relu)
    let left = try dataError { () throws(DataError) in try weights.finish() }
    #expect(
      left.problem == "1 of 3 tensors were not used: \"plain.weight\" [1, 2]", "\(left)")
    let plain = try weights.dense("plain")
    #expect(plain.bias == nil)
    try weights.finish()
    var back = PyTorchWeights()
    back.add(head, as: "a.head")
    back.add(plain, as: "plain")
    expectSameBits(try back.tensors.all(), theirs)
  }

  @Test func embeddingsAndNormsAreReadAndWritten() throws {
    let theirs = [
      "e.weight": StoredTensor(shape: [3, 2], values: [1, 2, 3, 4, 5, 6]),
      "n.weight": StoredTensor(shape: [2], values: [7, 8]),
      "n.bias": StoredTensor(shape: [2], values: [9, 10]),
    ]
    var weights = PyTorchWeights(try safetensors(theirs))
    let embedding = try weights.embedding("e")
    let norm = try weights.layerNorm("n")
    try weights.finish()
    #expect(embedding.weights == Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2]))
    #expect(norm.gain == Tensor([7, 8]) && norm.bias == Tensor([9, 10]) && norm.epsilon == 1e-5)
    var back = PyTorchWeights()
    back.add(embedding, as: "e")
    back.add(norm, as: "n")
    expectSameBits(try back.tensors.all(), theirs)
    let error = try dataError { () throws(DataError) in _ = try weights.embedding("n") }
    #expect(error.problem == "found shape [2], expected [any, any]")
  }

  // MARK: What is not as declared

  /// The tensors of a bidirectional nn.LSTM(2, 3, num_layers=2), all zeros, under "e.".
  static func lstm() -> [String: StoredTensor] {
    var tensors: [String: StoredTensor] = [:]
    func add(_ name: String, _ shape: [Int]) {
      tensors["e." + name] = StoredTensor(
        shape: shape, values: (0..<shape.reduce(1, *)).map { Float($0) })
    }
    for (layer, size) in [2, 6].enumerated() {
      for suffix in ["", "_reverse"] {
        add("weight_ih_l\(layer)\(suffix)", [12, size])
        add("weight_hh_l\(layer)\(suffix)", [12, 3])
        add("bias_ih_l\(layer)\(suffix)", [12])
        add("bias_hh_l\(layer)\(suffix)", [12])
      }
    }
    return tensors
  }

  static func read(_ tensors: [String: StoredTensor], cell: CellKind = .lstm) throws -> DataError {
    var weights = PyTorchWeights(try safetensors(tensors))
    return try dataError { () throws(DataError) in
      _ = try weights.recurrentStack("e", cell: cell)
    }
  }

  @Test func whatTheTestsBreakIsSound() throws {
    var weights = PyTorchWeights(try safetensors(Self.lstm()))
    #expect(try weights.recurrentStack("e", cell: .lstm).layers.count == 2)
    try weights.finish()
  }

  @Test func everyMissingTensorIsNamed() throws {
    for name in Self.lstm().keys.sorted() {
      var tensors = Self.lstm()
      tensors[name] = nil
      let error = try Self.read(tensors)
      #expect(error.place == "tensor \"\(name)\"", "\(error)")
      #expect(error.problem.hasPrefix("is missing, expected"), "\(error)")
      #expect(error.file == "w.safetensors")
    }
  }

  @Test func everyMisshapenTensorIsNamed() throws {
    for (name, tensor) in Self.lstm().sorted(by: { $0.key < $1.key }) {
      // The first layer's input may have any size, but each direction the same.
      let expected = name.hasPrefix("e.weight_ih_l0") ? "e.weight_ih_l0_reverse" : name
      for dimension in tensor.shape.indices {
        var shape = tensor.shape
        shape[dimension] += 1
        var tensors = Self.lstm()
        tensors[name] = StoredTensor(
          shape: shape, values: [Float](repeating: 0, count: shape.reduce(1, *)))
        let error = try Self.read(tensors)
        let place = dimension == 0 ? name : expected
        #expect(error.place == "tensor \"\(place)\"", "\(error)")
        #expect(error.problem.hasPrefix("found shape ["), "\(error)")
        #expect(error.problem.contains(", expected "), "\(error)")
      }
      var flat = Self.lstm()
      flat[name] = StoredTensor(shape: [tensor.values.count, 1, 1], values: tensor.values)
      #expect(try Self.read(flat).problem.hasPrefix("found shape ["))
    }
  }

  @Test func everyNumberThatIsNotFiniteIsNamed() throws {
    for (name, tensor) in Self.lstm() {
      for bad in [Float.nan, .infinity, -.infinity] {
        var tensors = Self.lstm()
        var values = tensor.values
        values[5] = bad
        tensors[name] = StoredTensor(shape: tensor.shape, values: values)
        let error = try Self.read(tensors)
        #expect(error.place == "tensor \"\(name)\"", "\(error)")
        #expect(error.problem == "element 5 is \(bad), expected finite numbers")
      }
    }
  }

  @Test func extraTensorsAreNamed() throws {
    for name in [
      "e.weight_ih_l2", "e.weight_ih_l99999999999999999999", "e.bias", "e.weight_ih_l00",
      "e.weight_ih_l-1", "e.", "e.weight_hh_l0_reversed",
    ] {
      var tensors = Self.lstm()
      tensors[name] = StoredTensor(shape: [12, 6], values: [Float](repeating: 0, count: 72))
      let error = try Self.read(tensors)
      // A third layer's weight makes its other tensors missing; anything else is too much.
      let place = name == "e.weight_ih_l2" ? "e.weight_hh_l2" : name
      #expect(error.place == "tensor \"\(place)\"", "\(error)")
    }
    var tensors = Self.lstm()
    tensors["e.weight_hr_l0"] = StoredTensor(shape: [2, 3], values: [1, 2, 3, 4, 5, 6])
    #expect(try Self.read(tensors).place?.hasPrefix("tensor \"e.weight_h") == true)
    // What lies deeper, or under another prefix, is another module's.
    tensors = Self.lstm()
    tensors["e.norm.weight"] = StoredTensor(shape: [1], values: [1])
    tensors["ee.weight"] = StoredTensor(shape: [1], values: [1])
    var weights = PyTorchWeights(try safetensors(tensors))
    _ = try weights.recurrentStack("e", cell: .lstm)
    let error = try dataError { () throws(DataError) in try weights.finish() }
    #expect(error.problem.contains("2 of 18 tensors were not used: \"e.norm.weight\" [1]"))
  }

  @Test func mistypedTensorsAreNamed() throws {
    let name = "e.weight_hh_l1"
    var tensors = Self.lstm()
    tensors[name] = nil
    let file = try SafetensorsFile(
      bytes: SafetensorsFile.encode(
        tensors.map { ($0.key, $0.value) },
        integers: [(name, StoredIntegers(shape: [12, 3], values: Array(0..<36)))]),
      source: "w.safetensors")
    var weights = PyTorchWeights(file)
    let error = try dataError { () throws(DataError) in
      _ = try weights.recurrentStack("e", cell: .lstm)
    }
    #expect(error.place == "tensor \"\(name)\"")
    #expect(error.problem.contains("found elements of type I64"))

    // 64 bits are read where they are exact.
    for (value, isExact) in [(0.5, true), (0.1, false)] {
      let header =
        "{\"h.weight\":{\"dtype\":\"F64\",\"shape\":[1,1],\"data_offsets\":[0,8]}}"
      let bytes =
        safetensors(header) + withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init)
      var weights = PyTorchWeights(try SafetensorsFile(bytes: bytes, source: "f64"))
      if isExact {
        #expect(try weights.dense("h").weights.elements == [0.5])
      } else {
        let error = try dataError { () throws(DataError) in _ = try weights.dense("h") }
        #expect(error.place == "tensor \"h.weight\"")
        #expect(error.problem.contains("element 0 is 0.1 in 64 bits"))
      }
    }
  }

  @Test func aWrongDeclarationIsRefused() throws {
    let error = try Self.read(Self.lstm(), cell: .gru)
    #expect(error.place == "tensor \"e.weight_hh_l0\"")
    #expect(error.problem.contains("found shape [12, 3], expected 3·H rows and H columns"))
    #expect(error.advice == "These are the weights of an nn.LSTM; declare that")
    #expect(try Self.read(Self.lstm(), cell: .rnn).advice?.contains("nn.LSTM") == true)
    var weights = PyTorchWeights(try safetensors(Self.lstm()))
    let missing = try dataError { () throws(DataError) in
      _ = try weights.recurrentStack("encoder", cell: .lstm)
    }
    #expect(missing.description.contains("module \"encoder\": there are no tensors under that"))
    #expect(missing.advice == "There are \"e\"")
    var gru = PyTorchWeights(try safetensors(["weight_hr_l0": .init(shape: [1], values: [1])]))
    let projected = try dataError { () throws(DataError) in
      _ = try gru.recurrentStack("", cell: .gru)
    }
    #expect(projected.problem.contains("found a projection, which only an nn.LSTM can have"))
  }
}
