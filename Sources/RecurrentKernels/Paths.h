// The tables of this binary, one a file.

#ifndef RECURRENT_KERNELS_PATHS_H
#define RECURRENT_KERNELS_PATHS_H

#include "RecurrentKernels.h"

#if defined(__x86_64__)
extern const rk_kernels rk_kernels_avx512;
extern const rk_kernels rk_kernels_avx2;
#endif
extern const rk_kernels rk_kernels_baseline;

#endif
