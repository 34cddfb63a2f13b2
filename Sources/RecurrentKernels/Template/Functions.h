// Functions of each element alone, for tensors and inside cells. `Vector.h` stands before.

/// log(1 + e^x) = max(x, 0) + log(1 + e^-|x|). Error: 1.8 ulp.
RK_INLINE vf vf_softplus(vf x) {
  vf t = vf_exp_of_negative(vf_negative_abs(x));
  // Above √2 - 1, log(1 + t) = ln 2 + log(1 + (t - 1) / 2).
  vi upper = t > 0.41421354f;
  vf k = vf_select(upper, vf_all(1.0f), vf_all(0.0f));
  vf f = vf_select(upper, t * 0.5f - 0.5f, t);
  return vf_max(x, vf_all(0.0f)) + vf_log_near_one(k, f);
}

/// Φ(-a)·e^(a²/2) for 0 ≤ a ≤ 15, Φ the normal distribution: t·p(t) with t = 1 / (1 + 5a/16); p is the minimax
/// polynomial of degree 9.
RK_INLINE vf vf_scaled_normal_tail(vf a) {
  vf t = 1.0f / vf_fma(a, vf_all(0.3125f), vf_all(1.0f));
  vf p = vf_all(-0.019217182f);
  p = vf_fma(p, t, vf_all(0.0924720243f));
  p = vf_fma(p, t, vf_all(-0.153516233f));
  p = vf_fma(p, t, vf_all(0.0775017068f));
  p = vf_fma(p, t, vf_all(-0.00518279895f));
  p = vf_fma(p, t, vf_all(0.0569413416f));
  p = vf_fma(p, t, vf_all(0.0896126851f));
  p = vf_fma(p, t, vf_all(0.111984015f));
  p = vf_fma(p, t, vf_all(0.124738485f));
  p = vf_fma(p, t, vf_all(0.124665953f));
  return p * t;
}

/// factor·e^(-a²/2) for 0 ≤ a ≤ 15. The square of the upper twelve bits of `a` is exact, so that the exponent
/// keeps its precision far out.
RK_INLINE vf vf_gaussian_product(vf a, vf factor) {
  vf upper = (vf)((vi)a & (int32_t)0xfffff000);
  vf tail = (a - upper) * (a + upper);
  vi n;
  vf r = vf_reduce_ln2(upper * upper * -0.5f, &n) - tail * 0.5f;
  return vf_scale_down(vf_expm1_reduced(r) + 1.0f, n, factor);
}

/// x·Φ(x) = max(x, 0) - |x|·Φ(-|x|), which keeps the relative precision on both sides. 0 at -infinity.
/// Error: 6.5 ulp (7 without fused multiply-add).
RK_INLINE vf vf_gelu(vf x) {
  vf a = vf_min(vf_abs(x), vf_all(15.0f));
  return vf_max(x, vf_all(0.0f)) - vf_gaussian_product(a, a * vf_scaled_normal_tail(a));
}

/// Φ(x) + x·φ(x), φ = Φ'. Error: 4·2^-24, absolute.
RK_INLINE vf vf_gelu_derivative(vf x) {
  vf a = vf_min(vf_abs(x), vf_all(15.0f));
  const vf density = vf_all(0.398942280f);  // φ(0)
  vf d = vf_gaussian_product(a, vf_fma(-a, density, vf_scaled_normal_tail(a)));
  return vf_select(x > 0.0f, 1.0f - d, d);
}

/// 1 above 0, -1 below, 0 at 0.
RK_INLINE vf vf_sign(vf x) {
  vf sign = (vf)(((vi)x & (int32_t)0x80000000) | (vi)vf_all(1.0f));
  return vf_select((x > 0.0f) | (x < 0.0f), sign, x);
}

/// x / (1 + e^-x). 0 where σ is, below -88.37. Error: 3 ulp.
RK_INLINE vf vf_silu(vf x) { return vf_max(x, vf_all(-100.0f)) / vf_one_plus_exp_of_negated(x); }

/// x above 0, else e^x - 1, which keeps the relative precision near 0. Error: 2 ulp.
RK_INLINE vf vf_elu(vf x) {
  vi n;
  vf r = vf_reduce_ln2(vf_min(vf_max(x, vf_all(-40.0f)), vf_all(0.0f)), &n);
  vf scale = vf_power_of_two(n);
  vf y = vf_fma(scale, vf_expm1_reduced(r), scale - 1.0f);
  return vf_select(x < 0.0f, y, x);
}

static const float selu_scale = 1.05070099f, selu_negative_scale = 1.75809934f;  // λ, λα

/// λ·x above 0, else λα·(e^x - 1). Error: 3.5 ulp.
RK_INLINE vf vf_selu(vf x) {
  vf y = vf_elu(x);
  return vf_select(x < 0.0f, y * selu_negative_scale, y * selu_scale);
}

/// x / (1 + |x|). Error: 1.5 ulp.
RK_INLINE vf vf_softsign(vf x) {
  vf limited = vf_min(vf_max(x, vf_all(-1e30f)), vf_all(1e30f));
  return limited / (vf_abs(limited) + 1.0f);
}

/// Slope 1 / (2·end) from 0 at -end to 1 at end. The sum comes first, which keeps the relative precision near 0.
/// Error: 1.5 ulp.
RK_INLINE vf vf_hard_sigmoid(vf x, float end) {
  return vf_min(vf_max(x + end, vf_all(0.0f)), vf_all(2 * end)) / (2 * end);
}

/// f(x).
RK_INLINE vf vf_apply(const rk_function f, vf x) {
  switch (f) {
  case RK_IDENTITY: return x;
  case RK_EXP: return vf_exp(x);
  case RK_LOG: return vf_log(x);
  case RK_SQRT: return vf_sqrt(x);
  case RK_ABS: return vf_abs(x);
  case RK_TANH: return vf_tanh(x);
  case RK_SIGMOID: return vf_sigmoid(x);
  case RK_RELU: return vf_max(x, vf_all(0.0f));
  case RK_SOFTPLUS: return vf_softplus(x);
  case RK_GELU: return vf_gelu(x);
  case RK_SILU: return vf_silu(x);
  case RK_ELU: return vf_elu(x);
  case RK_LEAKY_RELU: return vf_select(x < 0.0f, x * 0.01f, x);
  case RK_LEAKY_RELU_KERAS: return vf_select(x < 0.0f, x * 0.2f, x);
  case RK_SELU: return vf_selu(x);
  case RK_SOFTSIGN: return vf_softsign(x);
  case RK_HARD_SIGMOID: return vf_hard_sigmoid(x, 3.0f);
  case RK_HARD_SIGMOID_ONNX: return vf_hard_sigmoid(x, 2.5f);
  case RK_NEGATE: return -x;
  case RK_SQUARE: return x * x;
  case RK_RECIPROCAL: return 1.0f / x;
  }
}

/// f'(x) where y = f(x), taken from y where that is the cheaper way. At a kink it is the smaller slope.
RK_INLINE vf vf_slope(const rk_function f, vf x, vf y) {
  switch (f) {
  case RK_IDENTITY: return vf_all(1.0f);
  case RK_EXP: return y;
  case RK_LOG: return 1.0f / x;
  case RK_SQRT: return 0.5f / y;
  case RK_ABS: return vf_sign(x);
  case RK_TANH: return vf_fma(-y, y, vf_all(1.0f));
  case RK_SIGMOID: return vf_fma(-y, y, y);
  case RK_RELU: return vf_select(x > 0.0f, vf_all(1.0f), vf_all(0.0f));
  case RK_SOFTPLUS: return vf_sigmoid(x);
  case RK_GELU: return vf_gelu_derivative(x);
  case RK_SILU: return vf_fma(y, vf_sigmoid(-x), vf_sigmoid(x));
  case RK_ELU: return vf_select(x < 0.0f, y + 1.0f, vf_all(1.0f));
  case RK_LEAKY_RELU: return vf_select(x > 0.0f, vf_all(1.0f), vf_all(0.01f));
  case RK_LEAKY_RELU_KERAS: return vf_select(x > 0.0f, vf_all(1.0f), vf_all(0.2f));
  case RK_SELU: return vf_select(x < 0.0f, y + selu_negative_scale, vf_all(selu_scale));
  case RK_SOFTSIGN: {
    vf root = 1.0f / (vf_abs(x) + 1.0f);
    return root * root;
  }
  case RK_HARD_SIGMOID:
    return vf_select((x > -3.0f) & (x < 3.0f), vf_all(1.0f / 6), vf_all(0.0f));
  case RK_HARD_SIGMOID_ONNX:
    return vf_select((x > -2.5f) & (x < 2.5f), vf_all(0.2f), vf_all(0.0f));
  case RK_NEGATE: return vf_all(-1.0f);
  case RK_SQUARE: return x + x;
  case RK_RECIPROCAL: return -y * y;
  }
}

/// The same for a function known only when it runs; not inlined, as cells choose several a step.
static __attribute__((noinline)) vf apply_function(rk_function f, vf x) { return vf_apply(f, x); }
static __attribute__((noinline)) vf slope_of_function(rk_function f, vf x, vf y) {
  return vf_slope(f, x, y);
}
