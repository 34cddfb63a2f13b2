// The vector type of one instruction set, and the elementary functions on it.
//
// This file is a template: each instruction set's file (Portable.c, AVX2.c, …) defines
//   RK_LANES  floats in a vector: 4 (any machine), 8 (AVX2) or 16 (AVX-512),
//   RK_FUSED  1 where a fused multiply-add is one instruction, else 0,
// opens its target attribute and includes the templates. Everything here acts on each lane alone and in
// one fixed order, so a result does not depend on the number of lanes.
//
// Errors are the largest found over every fifth float, rounded up, in ulp of the result (where that is a denormal,
// in the smallest one). The tests hold them.

typedef float vf __attribute__((vector_size(RK_LANES * 4)));
typedef int32_t vi __attribute__((vector_size(RK_LANES * 4)));

#define RK_INLINE static inline __attribute__((always_inline))

RK_INLINE vf vf_load(const float *p) {
  vf v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

RK_INLINE void vf_store(float *p, vf v) { __builtin_memcpy(p, &v, sizeof v); }

// The first `n` floats of `p` (0 ≤ n ≤ RK_LANES); the other lanes load as 0 and are not stored. Rows end
// inside a vector all the time, so this must be as quick as a whole vector: masks where there are any, else
// pieces of 4, 2 and 1 floats (a masked store of AVX2 is slow on some machines).
#if RK_LANES == 16

RK_INLINE vf vf_load_part(const float *p, int64_t n) {
  return (vf)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
}

RK_INLINE void vf_store_part(float *p, vf v, int64_t n) {
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
}

#else

RK_INLINE vf vf_load_part(const float *p, int64_t n) {
  if (n >= RK_LANES) return vf_load(p);
#if RK_LANES == 8
  const vi lane = {0, 1, 2, 3, 4, 5, 6, 7};
  return (vf)_mm256_maskload_ps(p, (__m256i)(lane < (int32_t)n));
#else
  vf v = {0};
  if (n > 0) v[0] = p[0];
  if (n > 1) v[1] = p[1];
  if (n > 2) v[2] = p[2];
  return v;
#endif
}

RK_INLINE void vf_store_part(float *p, vf v, int64_t n) {
  if (n >= RK_LANES) {
    vf_store(p, v);
    return;
  }
#if RK_LANES == 8
  if (n & 4) {
    __builtin_memcpy(p, &v, 16);
    p += 4;
    v = __builtin_shufflevector(v, v, 4, 5, 6, 7, 4, 5, 6, 7);
  }
#endif
  if (n & 2) {
    __builtin_memcpy(p, &v, 8);
    p += 2;
    v[0] = v[2];
  }
  if (n & 1) p[0] = v[0];
}

#endif

RK_INLINE vf vf_all(float x) { return x - (vf){0}; }

/// Runs the statements for each vector of `count` elements: `i` is where it starts, `n` how many of its
/// lanes count. In the whole vectors `n` is a constant, so that partial loads and stores become whole ones.
#define RK_EACH_VECTOR(count, ...)                   \
  do {                                               \
    int64_t i = 0;                                   \
    for (; i + RK_LANES <= (count); i += RK_LANES) { \
      const int64_t n = RK_LANES;                    \
      __VA_ARGS__                                    \
    }                                                \
    if (i < (count)) {                               \
      const int64_t n = (count) - i;                 \
      __VA_ARGS__                                    \
    }                                                \
  } while (0)

/// a·b + c, in one rounding where the instruction set has it.
RK_INLINE vf vf_fma(vf a, vf b, vf c) {
#if RK_FUSED
  return __builtin_elementwise_fma(a, b, c);
#else
  return a * b + c;
#endif
}

/// a where the mask is set, else b.
RK_INLINE vf vf_select(vi mask, vf a, vf b) { return (vf)((mask & (vi)a) | (~mask & (vi)b)); }

// The number of each lane.
#if RK_LANES == 4
#define RK_LANE_NUMBERS {0, 1, 2, 3}
#elif RK_LANES == 8
#define RK_LANE_NUMBERS {0, 1, 2, 3, 4, 5, 6, 7}
#else
#define RK_LANE_NUMBERS {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
#endif

/// The first `n` floats of `p` (0 ≤ n ≤ RK_LANES); the other lanes are `rest`.
RK_INLINE vf vf_load_part_or(const float *p, int64_t n, float rest) {
  const vi lane = RK_LANE_NUMBERS;
  return n >= RK_LANES ? vf_load(p) : vf_select(lane < (int32_t)n, vf_load_part(p, n), vf_all(rest));
}

// The lower halves of two vectors, lane by lane in turn, and the upper ones.
#if RK_LANES == 4
#define RK_TURNS(start) start, start + 4, start + 1, start + 5
#elif RK_LANES == 8
#define RK_TURNS(start) \
  start, start + 8, start + 1, start + 9, start + 2, start + 10, start + 3, start + 11
#else
#define RK_TURNS(start)                                                                            \
  start, start + 16, start + 1, start + 17, start + 2, start + 18, start + 3, start + 19,          \
  start + 4, start + 20, start + 5, start + 21, start + 6, start + 22, start + 7, start + 23
#endif
RK_INLINE vf vf_lower_in_turn(vf a, vf b) { return __builtin_shufflevector(a, b, RK_TURNS(0)); }
RK_INLINE vf vf_upper_in_turn(vf a, vf b) { return __builtin_shufflevector(a, b, RK_TURNS(RK_LANES / 2)); }

/// Lane i of vector j becomes lane j of vector i.
RK_INLINE void vf_transpose(vf v[RK_LANES]) {
  RK_UNROLL
  for (int distance = 1; distance < RK_LANES; distance *= 2) {
    vf turned[RK_LANES];
    RK_UNROLL
    for (int i = 0; i < RK_LANES / 2; i++) {
      turned[2 * i] = vf_lower_in_turn(v[i], v[i + RK_LANES / 2]);
      turned[2 * i + 1] = vf_upper_in_turn(v[i], v[i + RK_LANES / 2]);
    }
    RK_UNROLL
    for (int i = 0; i < RK_LANES; i++) v[i] = turned[i];
  }
}

RK_INLINE vf vf_abs(vf x) { return (vf)((vi)x & 0x7fffffff); }
RK_INLINE vf vf_negative_abs(vf x) { return (vf)((vi)x | (int32_t)0x80000000); }
RK_INLINE vf vf_sqrt(vf x) { return __builtin_elementwise_sqrt(x); }

// The larger and smaller of two; where `a` is not a number the result is not a number either.
RK_INLINE vf vf_max(vf a, vf b) { return vf_select(a < b, b, a); }
RK_INLINE vf vf_min(vf a, vf b) { return vf_select(a > b, b, a); }

// The same, not a number where either is.
RK_INLINE vf vf_max_or_nan(vf a, vf b) { return vf_select((a < b) | (b != b), b, a); }
RK_INLINE vf vf_min_or_nan(vf a, vf b) { return vf_select((a > b) | (b != b), b, a); }

// ln 2 in two parts: the first has few bits, so that an exponent times it is exact.
#define RK_LN2_HIGH 0.693359375f
#define RK_LN2_LOW -2.12194440e-4f

/// 2^n for -126 ≤ n ≤ 127.
RK_INLINE vf vf_power_of_two(vi n) { return (vf)((n + 127) << 23); }

/// Splits x = n·ln 2 + r with |r| ≤ ln 2 / 2; returns r.
RK_INLINE vf vf_reduce_ln2(vf x, vi *n) {
  const vf shift = vf_all(12582912.0f);  // 1.5·2^23: adding it rounds to an integer in the low bits
  vf z = vf_fma(x, vf_all(1.44269504f), shift);
  *n = (vi)z - (vi)shift;
  vf k = z - shift;
  vf r = vf_fma(-k, vf_all(RK_LN2_HIGH), x);
  return vf_fma(-k, vf_all(RK_LN2_LOW), r);
}

/// e^r - 1 for |r| ≤ ln 2 / 2, as r + r²·q(r); q is the minimax polynomial of degree 4, which adds an error of
/// 0.3·2^-24 of the result.
RK_INLINE vf vf_expm1_reduced(vf r) {
  vf q = vf_all(1.38825167e-3f);
  q = vf_fma(q, r, vf_all(8.36654752e-3f));
  q = vf_fma(q, r, vf_all(4.16672006e-2f));
  q = vf_fma(q, r, vf_all(0.166665435f));
  q = vf_fma(q, r, vf_all(0.49999997f));
  return vf_fma(q, r * r, r);
}

/// factor·y·2^n for y near 1 and -180 ≤ n ≤ 60, in one rounding where the result is a denormal: 2^n alone would
/// leave the range.
RK_INLINE vf vf_scale_down(vf y, vi n, vf factor) {
  return y * vf_power_of_two(n + 64) * factor * 0x1p-64f;
}

/// e^x for x ≤ 0 (in truth for x ≤ 40), 0 below -104. Error: 1.1 ulp.
RK_INLINE vf vf_exp_of_negative(vf x) {
  vi n;
  vf r = vf_reduce_ln2(vf_max(x, vf_all(-105.0f)), &n);
  return vf_scale_down(vf_expm1_reduced(r) + 1.0f, n, vf_all(1.0f));
}

/// e^x. Overflows to infinity above 88.7 and to 0 below -104. Error: 1.1 ulp.
RK_INLINE vf vf_exp(vf x) {
  vi n;
  vf r = vf_reduce_ln2(vf_min(vf_max(x, vf_all(-105.0f)), vf_all(90.0f)), &n);
  vf y = vf_expm1_reduced(r) + 1.0f;
  vi half = n >> 1;  // two factors, since 2^n alone leaves the range at both ends
  return y * vf_power_of_two(half) * vf_power_of_two(n - half);
}

/// 1 + e^-x; infinite below -88.3.
RK_INLINE vf vf_one_plus_exp_of_negated(vf x) {
  vi n;  // reaches 128, whose power is infinite
  vf r = vf_reduce_ln2(-vf_min(vf_max(x, vf_all(-88.7f)), vf_all(87.0f)), &n);
  return (vf_expm1_reduced(r) + 1.0f) * vf_power_of_two(n) + 1.0f;
}

/// 1 / (1 + e^-x). Below -88.3, where the result is no normal number, it is 0. Error: 2.4 ulp, 2.5 without fused
/// multiply-add.
RK_INLINE vf vf_sigmoid(vf x) { return 1.0f / vf_one_plus_exp_of_negated(x); }

/// tanh x = m / (m + 2) with m = e^(2|x|) - 1, which keeps the relative precision near 0. Error: 2.6 ulp.
RK_INLINE vf vf_tanh(vf x) {
  vf a = vf_min(vf_abs(x) * 2.0f, vf_all(40.0f));
  vi n;
  vf r = vf_reduce_ln2(a, &n);
  vf scale = vf_power_of_two(n);
  vf m = vf_fma(scale, vf_expm1_reduced(r), scale - 1.0f);
  vf y = m / (m + 2.0f);
  return (vf)((vi)y | ((vi)x & (int32_t)0x80000000));
}

/// k·ln 2 + log(1 + f) for √½ ≤ 1 + f < √2 and a whole k, by log(1 + f) = 2·artanh(s), s = f / (2 + f),
/// written as f - f²/2 + s·(f²/2 + series), so that the leading terms carry no error.
RK_INLINE vf vf_log_near_one(vf k, vf f) {
  vf s = f / (f + 2.0f);
  vf z = s * s;
  vf series = vf_all(2.0f / 9);
  series = vf_fma(series, z, vf_all(2.0f / 7));
  series = vf_fma(series, z, vf_all(2.0f / 5));
  series = vf_fma(series, z, vf_all(2.0f / 3));
  vf half = f * f * 0.5f;
  vf low = vf_fma(s, vf_fma(series, z, half), k * RK_LN2_LOW);
  return vf_fma(k, vf_all(RK_LN2_HIGH), f - (half - low));
}

/// log x: -infinity at 0, not a number below. Error: 0.9 ulp.
RK_INLINE vf vf_log(vf x) {
  vi tiny = x < 0x1p-126f;
  vi bits = (vi)vf_select(tiny, x * 0x1p23f, x);
  vi k = (bits - 0x3f3504f3) >> 23;  // 0x3f3504f3 is √½
  vf f = (vf)(bits - (k << 23)) - 1.0f;
  vf y = vf_log_near_one(__builtin_convertvector(k - (tiny & 23), vf), f);
  y = vf_select(x < __builtin_inff(), y, x);
  y = vf_select(x < 0.0f, vf_all(__builtin_nanf("")), y);
  return vf_select(x == 0.0f, vf_all(-__builtin_inff()), y);
}
