// Distributions whose variables come one after the other.

#ifndef RECURRENT_KERNELS_DISTRIBUTIONS_H
#define RECURRENT_KERNELS_DISTRIBUTIONS_H

#include <stdint.h>

#pragma clang assume_nonnull begin

/// A distribution over D binary variables one after the other (NADE) with K hidden units, in which each row has biases
/// of its own: logit_i = b_i + V_i·(m ∘ σ(a_i)), a_i = c + Σ_{j<i} x_j·W_j.
typedef struct {
  int64_t variables, units;      ///< D, K
  const float *x;                ///< [N, D] the variables; all but 0 counts as 1
  const float *weights;          ///< [D, K] W
  const float *output_weights;   ///< [D, K] V
  const float *biases;           ///< [N, D + K] b, c
  const float *_Nullable mask;   ///< [N, K] m, null: 1
} rk_nade;
/// The logits [N, D] of the rows first ..< end. Workspace: 2·K floats.
void rk_run_nade(const rk_nade *nade, int64_t first, int64_t end, float *logits, float *workspace);
/// The way back, for the hidden units first ..< end, which touches only what is theirs: of the biases' gradient
/// [N, D + K] their c, of those of W and V, which it adds to, their columns. b's is that of the logits. Workspace:
/// (D + 2)·(end - first) floats.
void rk_run_nade_backward(
  const rk_nade *nade, int64_t rows, int64_t first, int64_t end, const float *logit_gradient,
  float *bias_gradient, float *weight_gradient, float *output_weight_gradient, float *workspace);

#pragma clang assume_nonnull end

#endif
