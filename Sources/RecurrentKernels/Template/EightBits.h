// Whole numbers of eight bits. `Functions.h` stands before.

typedef int32_t v16i __attribute__((vector_size(64)));

#if RK_LANES == 16

// Two products of a byte without sign and one with are added in 16 bits, which hold them where the former are below 128:
// so the eighth bit goes apart.
RK_INLINE void bytes_dot(v16i *sums, int32_t four, const int8_t *w) {
  const __m512i x = _mm512_set1_epi32(four), b = _mm512_loadu_si512(w);
  const __m512i low = _mm512_and_si512(x, _mm512_set1_epi8(127));
  const __m512i high = _mm512_and_si512(_mm512_srli_epi16(x, 7), _mm512_set1_epi8(1));
  const __m512i small = _mm512_madd_epi16(_mm512_maddubs_epi16(low, b), _mm512_set1_epi16(1));
  const __m512i large = _mm512_madd_epi16(_mm512_maddubs_epi16(high, b), _mm512_set1_epi16(128));
  *sums += (v16i)_mm512_add_epi32(small, large);
}

#elif RK_LANES == 8

RK_INLINE __m256i half_dot(__m256i low, __m256i high, __m256i b) {
  const __m256i small = _mm256_madd_epi16(_mm256_maddubs_epi16(low, b), _mm256_set1_epi16(1));
  const __m256i large = _mm256_madd_epi16(_mm256_maddubs_epi16(high, b), _mm256_set1_epi16(128));
  return _mm256_add_epi32(small, large);
}

// As of AVX-512 without its instruction for it.
RK_INLINE void bytes_dot(v16i *sums, int32_t four, const int8_t *w) {
  const __m256i x = _mm256_set1_epi32(four), low = _mm256_and_si256(x, _mm256_set1_epi8(127));
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(x, 7), _mm256_set1_epi8(1));
  __m256i halves[2];
  __builtin_memcpy(halves, sums, sizeof halves);
  for (int half = 0; half < 2; half++) {
    const __m256i b = _mm256_loadu_si256((const __m256i_u *)(w + 32 * half));
    halves[half] = _mm256_add_epi32(halves[half], half_dot(low, high, b));
  }
  __builtin_memcpy(sums, halves, sizeof halves);
}

#else

// Products of bytes fit 16 bits; of two beside each other the lower is the first.
RK_INLINE void bytes_dot(v16i *sums, int32_t four, const int8_t *w) {
  typedef int8_t v16c __attribute__((vector_size(16)));
  typedef int16_t v16s __attribute__((vector_size(32)));
  typedef int32_t v8i __attribute__((vector_size(32)));
  uint8_t x[4];
  __builtin_memcpy(x, &four, sizeof x);
  const v16s factors = {x[0], x[1], x[2], x[3], x[0], x[1], x[2], x[3],
                        x[0], x[1], x[2], x[3], x[0], x[1], x[2], x[3]};
  vi found[4];
  __builtin_memcpy(found, sums, sizeof found);
  RK_UNROLL
  for (int part = 0; part < 4; part++) {
    v16c b;
    __builtin_memcpy(&b, w + 16 * part, sizeof b);
    const v8i products = (v8i)(__builtin_convertvector(b, v16s) * factors);
    const v8i pairs = (products << 16 >> 16) + (products >> 16);
    found[part] += __builtin_shufflevector(pairs, pairs, 0, 2, 4, 6) + __builtin_shufflevector(pairs, pairs, 1, 3, 5, 7);
  }
  __builtin_memcpy(sums, found, sizeof found);
}

#endif

#define RK_BYTES_NAME multiply_bytes_in_two
#define RK_BYTES_ROWS rows_of_bytes_in_two
#define RK_BYTES_DOT bytes_dot
#define RK_BYTES_TOGETHER 2
#include "ByteProduct.h"

static void k_multiply_bytes(
  const uint8_t *a, int64_t rows, const int8_t *packed, int64_t columns, int64_t depth, int32_t *c) {
#if RK_LANES == 16
  if (__builtin_cpu_supports("avx512vnni")) {
    multiply_bytes_at_once(a, rows, packed, columns, depth, c);
    return;
  }
#endif
  multiply_bytes_in_two(a, rows, packed, columns, depth, c);
}

static int64_t k_packed_bytes_size(int64_t columns, int64_t depth) {
  return (columns + 63) / 64 * ((depth + 3) / 4) * 256;
}

static void k_pack_bytes(const int8_t *b, int64_t columns, int64_t depth, int8_t *packed) {
  for (int64_t column = 0; column < columns; column += 64)
    for (int64_t k = 0; k < depth; k += 4)
      for (int64_t i = 0; i < 64; i++)
        for (int64_t j = 0; j < 4; j++)
          *packed++ = column + i < columns && k + j < depth ? b[(k + j) * columns + column + i] : 0;
}

static void k_range(const float *x, int64_t count, float *least, float *most) {
  vf low = {0}, high = {0};
  RK_EACH_VECTOR(count, {
    const vf v = vf_load_part(x + i, n);
    low = vf_select(v < low, v, low);
    high = vf_select(v > high, v, high);
  });
  *least = *most = 0;
  for (int lane = 0; lane < RK_LANES; lane++) {
    if (low[lane] < *least) *least = low[lane];
    if (high[lane] > *most) *most = high[lane];
  }
}

static void k_round_to_bytes(float scale, float zero, const float *x, uint8_t *bytes, int64_t count) {
  const vf s = vf_all(scale), z = vf_all(zero), most = vf_all(255.0f);
  RK_EACH_VECTOR(count, {
    // Within ±2^22, where adding 1.5·2^23 rounds; more is 0 or 255 in any case.
    const vf shift = vf_all(12582912.0f), limit = vf_all(4194304.0f);
    const vf quotient = vf_min(vf_max(vf_load_part(x + i, n) / s, -limit), limit);
    vf y = (quotient + shift) - shift + z;
    y = vf_select(y > 0.0f, y, vf_all(0.0f));
    const vi whole = __builtin_convertvector(vf_select(y < most, y, most), vi);
    for (int64_t lane = 0; lane < n; lane++) bytes[i + lane] = (uint8_t)whole[lane];
  });
}

RK_INLINE vi vi_load_part(const int32_t *p, int64_t n) {
  vi v = {0};
  __builtin_memcpy(&v, p, (size_t)n * sizeof *p);
  return v;
}

static void k_floats_of_sums(
  const rk_byte_columns *b, const int32_t *products, int32_t row_sum, float scale, int32_t zero,
  const float *start, float *y) {
  // Modulo 2^32 like the products.
  typedef uint32_t vu __attribute__((vector_size(RK_LANES * 4)));
  const vu of_sums = (uint32_t)zero - (vu){0};
  const vu of_zeros = (uint32_t)row_sum - (uint32_t)b->depth * (uint32_t)zero - (vu){0};
  RK_EACH_VECTOR(b->columns, {
    vu sum = (vu)vi_load_part(products + i, n);
    sum -= of_sums * (vu)vi_load_part(b->sums + i, n) + of_zeros * (vu)vi_load_part(b->zeros + i, n);
    const vf factor = vf_all(scale) * vf_load_part(b->scales + i, n);
    const vf value = vf_fma(__builtin_convertvector((vi)sum, vf), factor, vf_load_part(start + i, n));
    vf_store_part(y + i, value, n);
  });
}

static void k_lstm_step(int64_t units, const float *z, float *c, float *h) {
  RK_EACH_VECTOR(units, {
    const vf input = vf_sigmoid(vf_load_part(z + i, n));
    const vf output = vf_sigmoid(vf_load_part(z + units + i, n));
    const vf forget = vf_sigmoid(vf_load_part(z + 2 * units + i, n));
    const vf new = vf_tanh(vf_load_part(z + 3 * units + i, n));
    const vf cell = vf_fma(forget, vf_load_part(c + i, n), input * new);
    vf_store_part(c + i, cell, n);
    vf_store_part(h + i, output * vf_tanh(cell), n);
  });
}
