// Single steps of one row, for streams.

#ifndef RECURRENT_KERNELS_STEPS_H
#define RECURRENT_KERNELS_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// A matrix laid out for one row: `columns` sums, each over a first source, then a second. Packed a panel of vectors after
/// the other; the first `longer` panels have one vector more than the others.
typedef struct rk_row_matrix {
  int64_t first_depth, second_depth;
  int32_t panels, vectors, longer;     ///< vectors of a panel
  int64_t vector_size;                 ///< floats of one of its vectors with all that belongs to it
  const float *packed;
  /// y = start + first·W + second·W' of one row; `start` null: the bias. y is filled up to whole vectors. `backwards` goes
  /// from the last panel to the first, which changes no bit: a step in the other direction than the one before begins with
  /// what is still in the first cache.
  void (*multiply)(
    const struct rk_row_matrix *, const float *_Nullable start, const float *first, const float *second, bool backwards,
    float *y);
} rk_row_matrix;

/// A layer of the plain formula, neither coupled nor projected. The bits are those of `rk_run_forward`.
typedef struct rk_step {
  int32_t hidden_size;
  rk_row_matrix matrices[2];
  const float *recurrent_bias;         ///< GRU, reset after: b' of n
  /// x [I]; h [H] and c [H] (LSTM) before the step, then after it. `backwards` as above.
  void (*run)(
    const struct rk_step *, const float *x, float *h, float *_Nullable c, float *workspace, bool backwards);
} rk_step;

#pragma clang assume_nonnull end

#endif
