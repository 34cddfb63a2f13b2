#include "Paths.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#define RK_LANES 16
#define RK_FUSED 1
#define RK_TILE_ROWS 12
#define RK_TILE_VECTORS 2
#define RK_SUMS 24
#define RK_TABLE rk_kernels_avx512
#define RK_NAME "avx512"

// Not every machine of this path has the instruction that adds products of four bytes; it is asked for when it matters.
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vnni"))), apply_to = function)
typedef int32_t v16i __attribute__((vector_size(64)));
static inline __attribute__((always_inline)) void bytes_dot_at_once(v16i *sums, int32_t four, const int8_t *w) {
  *sums = (v16i)_mm512_dpbusd_epi32((__m512i)*sums, _mm512_set1_epi32(four), _mm512_loadu_si512(w));
}
#define RK_BYTES_NAME multiply_bytes_at_once
#define RK_BYTES_ROWS rows_of_bytes_at_once
#define RK_BYTES_DOT bytes_dot_at_once
#define RK_BYTES_TOGETHER 4
#include "Template/ByteProduct.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "Template/Kernels.h"
#pragma clang attribute pop

#endif
