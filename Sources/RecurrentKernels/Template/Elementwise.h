// Functions of each element alone. `Vector.h` stands before.

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

static void k_map(rk_function function, const float *x, float *y, int64_t count) {
#define RK_MAP(result)                 \
  RK_EACH_VECTOR(count, {              \
    vf v = vf_load_part(x + i, n);     \
    vf_store_part(y + i, (result), n); \
  })
  switch (function) {
  case RK_EXP: RK_MAP(vf_exp(v)); break;
  case RK_LOG: RK_MAP(vf_log(v)); break;
  case RK_SQRT: RK_MAP(vf_sqrt(v)); break;
  case RK_ABS: RK_MAP(vf_abs(v)); break;
  case RK_TANH: RK_MAP(vf_tanh(v)); break;
  case RK_SIGMOID: RK_MAP(vf_sigmoid(v)); break;
  case RK_RELU: RK_MAP(vf_max(v, vf_all(0.0f))); break;
  case RK_SOFTPLUS: RK_MAP(vf_softplus(v)); break;
  case RK_GELU: RK_MAP(vf_gelu(v)); break;
  case RK_NEGATE: RK_MAP(-v); break;
  case RK_SQUARE: RK_MAP(v * v); break;
  case RK_RECIPROCAL: RK_MAP(1.0f / v); break;
  }
#undef RK_MAP
}

// The derivative is taken from y where that is the cheaper way.
static void k_map_gradient(
  rk_function function, const float *x, const float *y, const float *dy, float *dx, int64_t count) {
// `v` is of x, `u` of y; a slope that is not used costs nothing.
#define RK_MAP_GRADIENT(slope)                                                  \
  RK_EACH_VECTOR(count, {                                                       \
    vf v = vf_load_part(x + i, n);                                              \
    vf u = vf_load_part(y + i, n);                                              \
    (void)v, (void)u;                                                           \
    vf sum = vf_fma(vf_load_part(dy + i, n), (slope), vf_load_part(dx + i, n)); \
    vf_store_part(dx + i, sum, n);                                              \
  })
  switch (function) {
  case RK_EXP: RK_MAP_GRADIENT(u); break;
  case RK_LOG: RK_MAP_GRADIENT(1.0f / v); break;
  case RK_SQRT: RK_MAP_GRADIENT(0.5f / u); break;
  case RK_ABS: RK_MAP_GRADIENT(vf_sign(v)); break;
  case RK_TANH: RK_MAP_GRADIENT(vf_fma(-u, u, vf_all(1.0f))); break;
  case RK_SIGMOID: RK_MAP_GRADIENT(vf_fma(-u, u, u)); break;
  case RK_RELU: RK_MAP_GRADIENT(vf_select(v > 0.0f, vf_all(1.0f), vf_all(0.0f))); break;
  case RK_SOFTPLUS: RK_MAP_GRADIENT(vf_sigmoid(v)); break;
  case RK_GELU: RK_MAP_GRADIENT(vf_gelu_derivative(v)); break;
  case RK_NEGATE: RK_MAP_GRADIENT(vf_all(-1.0f)); break;
  case RK_SQUARE: RK_MAP_GRADIENT(v + v); break;
  case RK_RECIPROCAL: RK_MAP_GRADIENT(-u * u); break;
  }
#undef RK_MAP_GRADIENT
}

static void k_combine(
  rk_operator op, const float *a, int64_t a_stride, const float *b, int64_t b_stride, float *y,
  int64_t count) {
  if (count <= 0) return;
  const vf a_all = vf_all(*a), b_all = vf_all(*b);
#define RK_COMBINE(result)                            \
  RK_EACH_VECTOR(count, {                             \
    vf u = a_stride ? vf_load_part(a + i, n) : a_all; \
    vf v = b_stride ? vf_load_part(b + i, n) : b_all; \
    vf_store_part(y + i, (result), n);                \
  })
  switch (op) {
  case RK_ADD: RK_COMBINE(u + v); break;
  case RK_SUBTRACT: RK_COMBINE(u - v); break;
  case RK_MULTIPLY: RK_COMBINE(u * v); break;
  case RK_DIVIDE: RK_COMBINE(u / v); break;
  case RK_MAXIMUM: RK_COMBINE(vf_max_or_nan(u, v)); break;
  case RK_MINIMUM: RK_COMBINE(vf_min_or_nan(u, v)); break;
  }
#undef RK_COMBINE
}

static void k_add_scaled(float scale, const float *x, float *y, int64_t count) {
  const vf s = vf_all(scale);
  RK_EACH_VECTOR(count, {
    vf sum = vf_fma(s, vf_load_part(x + i, n), vf_load_part(y + i, n));
    vf_store_part(y + i, sum, n);
  });
}

static void k_scale(float scale, float shift, const float *x, float *y, int64_t count) {
  const vf s = vf_all(scale), t = vf_all(shift);
  RK_EACH_VECTOR(count, { vf_store_part(y + i, vf_fma(s, vf_load_part(x + i, n), t), n); });
}
