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

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#include "Template/Kernels.h"
#pragma clang attribute pop

#endif
