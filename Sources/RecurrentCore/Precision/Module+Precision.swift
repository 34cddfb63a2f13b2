import RecurrentFiles

extension Module {
  /// The same module with its recurrent weights, W, U and P of each layer, rounded to a precision.
  ///
  /// They remain parameters as before: the module predicts, is saved (in fewer bytes), exported and
  /// trained further; whatever training changes is `float32` again. Biases and peepholes, which are
  /// small and add up unscaled, stay in 32 bits, as do the weights of other layers. Predictions read
  /// the rounded weights in their narrow form, which takes less memory traffic.
  ///
  /// ```swift
  /// let small = model.rounded(to: .int8)
  /// for (name, error) in small.roundingErrors(of: model) { print(name, error) }
  /// ```
  public func rounded(to precision: WeightPrecision) -> Self {
    var copy = self
    copy.updateProductWeights { $1 = $1.rounded(to: precision) }
    return copy
  }

  /// How far the recurrent weights are from those of `original`, a module with the same layers: of
  /// each matrix the root of its mean squared error, as a share of the root of its mean square.
  public func roundingErrors(of original: Self) -> [(name: String, error: Double)] {
    let mine = productWeights
    return zip(mine, original.productWeights).map { mine, its in
      require(
        mine.name == its.name && mine.tensor.shape == its.tensor.shape,
        "rounding errors are those of the same layers: \(mine.name) and \(its.name) differ")
      var (error, size) = (0.0, 0.0)
      for (rounded, exact) in zip(mine.tensor.elements, its.tensor.elements) {
        let difference = Double(rounded) - Double(exact)
        error += difference * difference
        size += Double(exact) * Double(exact)
      }
      return (mine.name, size > 0 ? (error / size).squareRoot() : 0)
    }
  }

  /// The precision of the recurrent weights: `float32` unless all have the same other one.
  public var weightPrecision: WeightPrecision {
    let weights = productWeights
    guard let first = weights.first?.tensor.precision else { return .float32 }
    return weights.allSatisfy { $0.tensor.precision == first } ? first : .float32
  }

  private var productWeights: [(name: String, tensor: Tensor)] {
    var copy = self
    var result: [(name: String, tensor: Tensor)] = []
    copy.updateProductWeights { result.append(($0, $1)) }
    return result
  }

  /// Calls `body` with each parameter that a recurrent product takes as a matrix.
  private mutating func updateProductWeights(
    _ body: (_ name: String, _ parameter: inout Tensor) -> Void
  ) {
    withoutActuallyEscaping(body) { body in
      var visitor = ParameterVisitor(productAction: body)
      visitParameters(&visitor)
    }
  }
}
