import Recurrent
import TestSupport
import Testing

/// Rounded weights in safetensors files.
@Suite struct RoundedFileTests {
  private static func layer() -> LSTM {
    var generator = SeededGenerator(seed: 5)
    return LSTM(
      inputSize: 3, hiddenSize: 33, peepholes: true, projectionSize: 30, using: &generator)
  }

  private static func file(_ layer: some Module) throws -> SafetensorsFile {
    try SafetensorsFile(bytes: SafetensorsFile.encode(layer.storedTensors), source: "file")
  }

  @Test(arguments: WeightPrecision.allCases) func roundTrip(precision: WeightPrecision) throws {
    let layer = Self.layer().rounded(to: precision)
    let file = try Self.file(layer)
    var loaded = Self.layer()
    try loaded.load(from: file)
    for (mine, its) in paired(layer.parameters, loaded.parameters) {
      #expect(
        mine.tensor.isIdentical(to: its.tensor) && mine.tensor.precision == its.tensor.precision)
    }
    #expect(
      SafetensorsFile.encode(loaded.storedTensors) == SafetensorsFile.encode(layer.storedTensors))
    let types: [WeightPrecision: SafetensorsFile.ElementType] = [
      .float32: .f32, .bfloat16: .bf16, .int8: .i8,
    ]
    #expect(file.elementType(of: "recurrent_weights") == types[precision])
    #expect(file.elementType(of: "bias") == .f32)
    #expect(file.shape(of: "recurrent_weights.scale") == (precision == .int8 ? [132] : nil))
    #expect(file.shape(of: "projection.scale") == (precision == .int8 ? [30] : nil))
  }

  /// Scales that end among the smallest numbers, and columns of zeros.
  @Test func roundTripOfExtremes() throws {
    var layer = Self.layer()
    layer.weights.input.withUnsafeMutableElements { elements in
      for index in elements.indices {
        elements[index] *= [1, 0, 1e-38, 100 * .leastNonzeroMagnitude, 1e38][index % 132 % 5]
      }
    }
    let rounded = layer.rounded(to: .int8)
    var loaded = Self.layer()
    try loaded.load(from: Self.file(rounded))
    #expect(loaded.weights.input.isIdentical(to: rounded.weights.input))
    var numbers = SeededGenerator(seed: 6)
    let batch = SequenceBatch(
      Tensor(
        (0..<12).map { _ in Float.random(in: -1...1, using: &numbers) * 1e-3 }, shape: [2, 2, 3]))
    var plain = rounded
    plain.updateParameters { $1 = Tensor($1.elements, shape: $1.shape) }
    #expect(loaded(batch).values.isIdentical(to: plain(batch).values))
  }

  @Test func sizes() {
    func size(_ precision: WeightPrecision) -> Double {
      var generator = SeededGenerator(seed: 7)
      let layer = GRU(inputSize: 64, hiddenSize: 128, using: &generator).rounded(to: precision)
      return Double(SafetensorsFile.encode(layer.storedTensors).count)
    }
    #expect((1.95...2).contains(size(.float32) / size(.bfloat16)))
    #expect((3.7...4).contains(size(.float32) / size(.int8)))
  }

  // MARK: Hostile files

  /// A file with the matrix `w` [2, 2] of bytes `steps`, and `members` beside it.
  private func loading(
    _ steps: [UInt8], scale: String, _ data: [UInt8]
  ) throws -> StoredTensor {
    let w = "\"w\":{\"dtype\":\"I8\",\"shape\":[2,2],\"data_offsets\":[0,4]}"
    let bytes = safetensors("{\(w),\"w.scale\":{\(scale)}}") + steps + data
    let file = try SafetensorsFile(bytes: bytes, source: "file")
    try file.requireTensors([("w", [2, 2])])
    return try file.floats("w")
  }

  private func floats(_ values: Float...) -> [UInt8] {
    values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
  }

  private static let sound = "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]"

  @Test func soundScales() throws {
    let tensor = try loading([1, 255, 127, 129], scale: Self.sound, floats(0.5, 3))
    #expect(tensor.values == [0.5, -3, 63.5, -381] && tensor.precision == .int8)
  }

  @Test func hostileScales() throws {
    func expect(
      _ part: String, _ data: [UInt8], steps: [UInt8] = [1, 2, 3, 4],
      scale: String = Self.sound, sourceLocation: SourceLocation = #_sourceLocation
    ) {
      let error = #expect(throws: DataError.self, sourceLocation: sourceLocation) {
        try loading(steps, scale: scale, data)
      }
      #expect(
        error?.description.contains(part) == true, "\(error?.description ?? "")",
        sourceLocation: sourceLocation)
    }
    for bad in [Float.nan, .infinity, -1, .greatestFiniteMagnitude] {
      expect("tensor \"w.scale\": element 1 is", floats(1, bad))
    }
    expect("tensor \"w\": element 2 is -128", floats(1, 1), steps: [1, 2, 128, 4])
    expect(
      "tensor \"w.scale\": found F32 of shape [1]", floats(1),
      scale: "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]")
    expect(
      "found F64 of shape [2]", [UInt8](repeating: 0, count: 16),
      scale: "\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[4,20]")
  }

  @Test func scalesMissingOrNotWanted() throws {
    let w = "\"w\":{\"dtype\":\"I8\",\"shape\":[2,2],\"data_offsets\":[0,4]}"
    let alone = try SafetensorsFile(bytes: safetensors("{\(w)}", dataCount: 4), source: "file")
    let missing = #expect(throws: DataError.self) { try alone.requireTensors([("w", [2, 2])]) }
    #expect(missing?.problem.contains("\"w\" (found I8, expected F32)") == true)
    #expect(throws: DataError.self) { try alone.floats("w") }
    let float = try SafetensorsFile(
      bytes: SafetensorsFile.encode([
        ("w", StoredTensor(shape: [1, 2], values: [1, 2])),
        ("w.scale", StoredTensor(shape: [2], values: [1, 2])),
      ]), source: "file")
    let extra = #expect(throws: DataError.self) { try float.requireTensors([("w", [1, 2])]) }
    #expect(extra?.problem.contains("not expected: \"w.scale\"") == true)
  }
}
