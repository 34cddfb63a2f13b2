import RecurrentFiles

/// Named tensors of any of the formats in which other frameworks keep weights.
///
/// Reading is exact or refused: a 64-bit number that no 32-bit one equals is an error, as a rounded
/// weight is another weight.
protocol TensorFile: Sendable {
  /// Where the tensors came from, as messages name it.
  var source: String { get }
  /// The tensors' names, in the order of the file.
  var names: [String] { get }
  /// The shape of the tensor `name`, or nil if there is none.
  func shape(of name: String) -> [Int]?
  /// The tensor `name`, every element exactly as it stands in the file.
  func exactFloats(_ name: String) throws(DataError) -> StoredTensor
}

extension SafetensorsFile: TensorFile {
  func exactFloats(_ name: String) throws(DataError) -> StoredTensor {
    if elementType(of: name) == .f64 {
      let values = try doubles(name)
      if let bad = values.firstIndex(where: { !$0.isExactlyFloat }) {
        throw inexact(
          values[bad], at: bad, place: "tensor \(quoted(name))", source: source)
      }
    }
    return try floats(name)
  }
}

extension Double {
  /// Whether a 32-bit number has the same value; infinities and NaN count as such.
  var isExactlyFloat: Bool { !isFinite || Double(Float(self)) == self }
}

/// The error for a 64-bit number that does not fit.
func inexact(_ value: Double, at index: Int, place: String, source: String) -> DataError {
  DataError(
    file: source, place: place,
    problem: "element \(index) is \(value) in 64 bits, which no 32-bit number equals",
    advice: "Convert it where it was made, so that the rounding is yours: .float() in PyTorch, "
      + ".astype(\"float32\") in NumPy")
}
