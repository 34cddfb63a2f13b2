import Foundation
import RecurrentFiles

/// How a parameter's first values are drawn. For a matrix `[I, O]`, fan in is I and fan out is O.
public enum Initializer: Sendable, Equatable {
  /// Every element the same number.
  case constant(Float)
  /// Uniform in ± the limit.
  case uniform(Float)
  /// Normal with mean 0 and this standard deviation.
  case normal(Float)
  /// Uniform in ± √(6 / (fan in + fan out)) (Glorot and Bengio 2010).
  case glorotUniform
  /// Normal with variance 2 / (fan in + fan out).
  case glorotNormal
  /// Uniform in ± √(6 / fan in) (He et al. 2015, arXiv:1502.01852).
  case heUniform
  /// Normal with variance 2 / fan in.
  case heNormal
  /// Orthonormal rows (or columns, of which there are fewer), times the gain (Saxe et al. 2014,
  /// arXiv:1312.6120).
  case orthogonal(gain: Float = 1)

  /// All zeros.
  public static var zeros: Initializer { .constant(0) }

  /// A parameter of `shape`, without elements if the generator is ``ShapesOnly``; the orthogonal,
  /// Glorot and He rules need two dimensions.
  public func callAsFunction(
    _ shape: [Int], using generator: inout some RandomNumberGenerator
  ) -> Tensor {
    if generator is ShapesOnly { return Tensor(withoutElements: shape) }
    switch self {
    case .constant(let value): return Tensor(repeating: value, shape: shape)
    case .uniform(let limit): return Self.uniform(shape, limit, &generator)
    case .normal(let deviation): return Self.normal(shape, deviation, &generator)
    case .glorotUniform:
      return Self.uniform(shape, (6 / Self.fans(shape, \.sum)).squareRoot(), &generator)
    case .glorotNormal:
      return Self.normal(shape, (2 / Self.fans(shape, \.sum)).squareRoot(), &generator)
    case .heUniform:
      return Self.uniform(shape, (6 / Self.fans(shape, \.in)).squareRoot(), &generator)
    case .heNormal:
      return Self.normal(shape, (2 / Self.fans(shape, \.in)).squareRoot(), &generator)
    case .orthogonal(let gain): return Self.orthogonal(shape, gain, &generator)
    }
  }

  private struct Fans {
    let `in`: Float
    let sum: Float
  }

  private static func fans(_ shape: [Int], _ which: KeyPath<Fans, Float>) -> Float {
    require(shape.count == 2, "this initializer needs a matrix; shape is \(shape)")
    return Fans(in: Float(shape[0]), sum: Float(shape[0] + shape[1]))[keyPath: which]
  }

  private static func uniform(
    _ shape: [Int], _ limit: Float, _ generator: inout some RandomNumberGenerator
  ) -> Tensor {
    Tensor(
      (0..<shape.reduce(1, *)).map { _ in (2 * generator.uniformFloat() - 1) * limit },
      shape: shape)
  }

  private static func normal(
    _ shape: [Int], _ deviation: Float, _ generator: inout some RandomNumberGenerator
  ) -> Tensor {
    let count = shape.reduce(1, *)
    var elements: [Float] = []
    elements.reserveCapacity(count + 1)
    while elements.count < count {
      let (a, b) = generator.normalPair()
      elements.append(Float(a) * deviation)
      elements.append(Float(b) * deviation)
    }
    return Tensor(Array(elements.prefix(count)), shape: shape)
  }

  /// Gram-Schmidt on random normal vectors, each orthogonalized twice, which is enough in double
  /// precision.
  private static func orthogonal(
    _ shape: [Int], _ gain: Float, _ generator: inout some RandomNumberGenerator
  ) -> Tensor {
    require(shape.count == 2, "an orthogonal matrix has two dimensions; shape is \(shape)")
    let (vectors, length) = (min(shape[0], shape[1]), max(shape[0], shape[1]))
    var basis: [[Double]] = []
    while basis.count < vectors {
      var vector: [Double] = []
      while vector.count < length {
        let (a, b) = generator.normalPair()
        vector += vector.count + 1 < length ? [a, b] : [a]
      }
      for other in basis + basis {
        let overlap = zip(vector, other).reduce(0) { $0 + $1.0 * $1.1 }
        for i in vector.indices { vector[i] -= overlap * other[i] }
      }
      let norm = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
      guard norm > 1e-6 else { continue }
      basis.append(vector.map { $0 / norm })
    }
    let rows = Tensor(basis.flatMap { $0.map { Float($0) * gain } }, shape: [vectors, length])
    return shape[0] <= shape[1] ? rows : rows.transposed()
  }
}

/// Whose defaults a layer's parameters start from.
public enum Initialization: String, Sendable, Codable, CaseIterable {
  /// PyTorch's: recurrent layers uniform in ± 1/√H everywhere, with two biases; dense layers
  /// uniform in ± 1/√I.
  case pytorch
  /// Keras's: Glorot uniform input weights, orthogonal recurrent weights, zero biases but for a
  /// forget bias of 1.
  case keras
}

extension Tensor {
  /// Foundation's logarithm, under a name that ``Tensor/log()`` does not hide.
  static func naturalLogarithm(_ x: Double) -> Double { Foundation.log(x) }
}
