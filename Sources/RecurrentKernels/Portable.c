// What every machine of this architecture has: SSE2 on x86-64, NEON on arm64 (which fuses, and so gives the
// bits of AVX2), anything elsewhere.

#include <math.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "Paths.h"

#define RK_LANES 4
#define RK_TABLE rk_kernels_baseline

#if defined(__aarch64__)
#define RK_NAME "neon"
#define RK_FUSED 1
#define RK_LANE_OPERANDS 1
#define RK_TILE_ROWS 6
#define RK_TILE_VECTORS 4
#define RK_SUMS 24
#else
#define RK_NAME "portable"
#define RK_FUSED 0
#define RK_TILE_ROWS 4
#define RK_TILE_VECTORS 2
#define RK_SUMS 8
#endif

#include "Template/Kernels.h"
