// The vector type of one instruction set, and the elementary functions on it.
//
// This file is a template: each instruction set's file (Portable.c, AVX2.c, …) defines
//   RK_LANES  floats in a vector: 4 (any machine), 8 (AVX2) or 16 (AVX-512),
//   RK_FUSED  1 where a fused multiply-add is one instruction, else 0,
// opens its target attribute and includes the templates. Everything here acts on each lane alone and in
// one fixed order, so a result does not depend on the number of lanes.

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

RK_INLINE vf vf_abs(vf x) { return (vf)((vi)x & 0x7fffffff); }

// The larger and smaller of two; where `a` is not a number the result is not a number either.
RK_INLINE vf vf_max(vf a, vf b) { return vf_select(a < b, b, a); }
RK_INLINE vf vf_min(vf a, vf b) { return vf_select(a > b, b, a); }

/// 2^n for -126 ≤ n ≤ 127.
RK_INLINE vf vf_power_of_two(vi n) { return (vf)((n + 127) << 23); }

/// Splits x = n·ln 2 + r with |r| ≤ ln 2 / 2; returns r, and n where the exponent of a float stands: n·2^23.
RK_INLINE vf vf_reduce_ln2(vf x, vi *exponent) {
  const vf shift = vf_all(12582912.0f);  // 1.5·2^23: adding it rounds to an integer in the low bits
  vf z = vf_fma(x, vf_all(1.44269504f), shift);
  *exponent = (vi)z << 23;  // the bits of `shift` itself leave at the top
  vf k = z - shift;
  vf r = vf_fma(-k, vf_all(0.693359375f), x);
  return vf_fma(-k, vf_all(-2.12194440e-4f), r);
}

/// 2^n for -126 ≤ n ≤ 127, from n·2^23.
RK_INLINE vf vf_scale_of(vi exponent) { return (vf)(exponent + 0x3f800000); }

/// exp(r) - 1 for |r| ≤ ln 2 / 2, as r + r²·q(r), where q interpolates at the Chebyshev nodes: relative error
/// 2.6e-8 before rounding.
RK_INLINE vf vf_expm1_reduced(vf r) {
  vf q = vf_all(0.00139262131f);
  q = vf_fma(q, r, vf_all(0.00836320315f));
  q = vf_fma(q, r, vf_all(0.0416665561f));
  q = vf_fma(q, r, vf_all(0.166665763f));
  q = vf_fma(q, r, vf_all(0.5f));
  return vf_fma(q, r * r, r);
}

/// e^x. Overflows to infinity above 88.7 and to 0 below -104.
RK_INLINE vf vf_exp(vf x) {
  x = vf_min(vf_max(x, vf_all(-105.0f)), vf_all(90.0f));
  vi exponent;
  vf r = vf_reduce_ln2(x, &exponent);
  vf y = vf_expm1_reduced(r) + 1.0f;
  vi n = exponent >> 23, half = n >> 1;  // two factors: 2^n alone leaves the range at both ends
  return y * vf_power_of_two(half) * vf_power_of_two(n - half);
}

/// 1 / (1 + e^-x), where |x| counts as 87 at most: there the result is 1 or next to the smallest normal number.
RK_INLINE vf vf_sigmoid(vf x) {
  x = vf_min(vf_max(x, vf_all(-87.0f)), vf_all(87.0f));
  vi exponent;
  vf r = vf_reduce_ln2(-x, &exponent);
  vf scale = vf_scale_of(exponent);
  return 1.0f / vf_fma(scale, vf_expm1_reduced(r), scale + 1.0f);
}

/// tanh x = -m / (m + 2) with m = e^(-2|x|) - 1, which keeps the relative precision near 0.
RK_INLINE vf vf_tanh(vf x) {
  vf a = vf_max(vf_abs(x) * -2.0f, vf_all(-40.0f));
  vi exponent;
  vf r = vf_reduce_ln2(a, &exponent);
  vf scale = vf_scale_of(exponent);
  vf m = vf_fma(scale, vf_expm1_reduced(r), scale - 1.0f);
  vf y = -m / (m + 2.0f);
  return (vf)((vi)y | ((vi)x & (int32_t)0x80000000));
}
