// Tensors, element by element. `Functions.h` stands before.

#define RK_EACH_FUNCTION(DO)                                                                       \
  DO(RK_IDENTITY) DO(RK_EXP) DO(RK_LOG) DO(RK_SQRT) DO(RK_ABS) DO(RK_TANH) DO(RK_SIGMOID)          \
  DO(RK_RELU) DO(RK_SOFTPLUS) DO(RK_GELU) DO(RK_SILU) DO(RK_ELU) DO(RK_LEAKY_RELU)                 \
  DO(RK_LEAKY_RELU_KERAS) DO(RK_SELU) DO(RK_SOFTSIGN)                                              \
  DO(RK_HARD_SIGMOID) DO(RK_HARD_SIGMOID_ONNX) DO(RK_NEGATE) DO(RK_SQUARE) DO(RK_RECIPROCAL)

static void k_map(rk_function function, const float *x, float *y, int64_t count) {
#define RK_MAP(f)                                                \
  case f: RK_EACH_VECTOR(count, {                                \
      vf_store_part(y + i, vf_apply(f, vf_load_part(x + i, n)), n); \
    });                                                          \
    break;
  switch (function) { RK_EACH_FUNCTION(RK_MAP) }
#undef RK_MAP
}

static void k_map_gradient(
  rk_function function, const float *x, const float *y, const float *dy, float *dx, int64_t count) {
#define RK_MAP_GRADIENT(f)                                                         \
  case f: RK_EACH_VECTOR(count, {                                                  \
      vf slope = vf_slope(f, vf_load_part(x + i, n), vf_load_part(y + i, n));      \
      vf sum = vf_fma(vf_load_part(dy + i, n), slope, vf_load_part(dx + i, n));    \
      vf_store_part(dx + i, sum, n);                                               \
    });                                                                            \
    break;
  switch (function) { RK_EACH_FUNCTION(RK_MAP_GRADIENT) }
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

static void k_gate(float *gate, const float *x, float *y, int64_t count) {
  RK_EACH_VECTOR(count, {
    vf s = vf_sigmoid(vf_load_part(gate + i, n));
    vf_store_part(gate + i, s, n);
    vf_store_part(y + i, (s + s) * vf_load_part(x + i, n), n);
  });
}

static void k_gate_gradient(float *gate, const float *x, float *dy, int64_t count) {
  RK_EACH_VECTOR(count, {
    vf s = vf_load_part(gate + i, n), dx = vf_load_part(dy + i, n) * (s + s);
    vf_store_part(gate + i, dx * vf_load_part(x + i, n) * (1.0f - s), n);
    vf_store_part(dy + i, dx, n);
  });
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
