import RecurrentFiles
internal import RecurrentKernels

// y = f(x), element by element; the derivative is written with x and y by the kernel.

extension Tensor {
  /// e^x.
  public func exp() -> Tensor { mapped(RK_EXP) }
  /// The natural logarithm.
  public func log() -> Tensor { mapped(RK_LOG) }
  /// The square root.
  public func squareRoot() -> Tensor { mapped(RK_SQRT) }
  /// The absolute value; its derivative at 0 is 0.
  public func absolute() -> Tensor { mapped(RK_ABS) }
  /// x².
  public func squared() -> Tensor { mapped(RK_SQUARE) }
  /// 1 / x.
  public func reciprocal() -> Tensor { mapped(RK_RECIPROCAL) }
  /// The hyperbolic tangent.
  public func tanh() -> Tensor { mapped(RK_TANH) }
  /// 1 / (1 + e^-x).
  public func sigmoid() -> Tensor { mapped(RK_SIGMOID) }
  /// max(0, x); its derivative at 0 is 0.
  public func relu() -> Tensor { mapped(RK_RELU) }
  /// log(1 + e^x).
  public func softplus() -> Tensor { mapped(RK_SOFTPLUS) }
  /// x·Φ(x) with the normal distribution function Φ, exactly (Hendrycks and Gimpel 2016,
  /// arXiv:1606.08415).
  public func gelu() -> Tensor { mapped(RK_GELU) }

  /// The tensor under any of the kernels' functions, element by element.
  func mapped(_ function: rk_function) -> Tensor {
    let y = Tensor(shape: shape) { rk_map(function, pointer, $0, Int64(count)) }
    return y.recorded(from: [self]) { [x = self.detached] dy in
      var dx = Tensor.zeros(x.shape)
      rk_map_gradient(
        function, x.pointer, y.pointer, dy.pointer, dx.mutablePointer(), Int64(dx.count))
      withExtendedLifetime((x, y, dy)) {}
      return [dx]
    }
  }

  /// e^x / Σ e^x over the last dimension.
  public func softmax() -> Tensor {
    let (rows, columns) = rowsAndColumns("softmax")
    let y = Tensor(shape: shape) { rk_softmax(pointer, $0, rows, columns) }
    return y.recorded(from: [self]) { dy in
      var dx = Tensor.zeros(y.shape)
      rk_softmax_gradient(y.pointer, dy.pointer, dx.mutablePointer(), rows, columns)
      withExtendedLifetime((y, dy)) {}
      return [dx]
    }
  }

  /// x - log Σ e^x over the last dimension.
  public func logSoftmax() -> Tensor {
    let (rows, columns) = rowsAndColumns("logSoftmax")
    let y = Tensor(shape: shape) { rk_log_softmax(pointer, $0, rows, columns) }
    return y.recorded(from: [self]) { dy in
      var dx = Tensor.zeros(y.shape)
      rk_log_softmax_gradient(y.pointer, dy.pointer, dx.mutablePointer(), rows, columns)
      withExtendedLifetime((y, dy)) {}
      return [dx]
    }
  }

  private func rowsAndColumns(_ operation: String) -> (Int64, Int64) {
    guard let columns = shape.last, columns > 0 else {
      trap("\(operation) needs a last dimension of at least 1; shape is \(shape)")
    }
    return (Int64(count / columns), Int64(columns))
  }
}
