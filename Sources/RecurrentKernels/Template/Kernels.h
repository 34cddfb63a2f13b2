// All templates, and the table of one instruction set. The including file defines
//   RK_LANES, RK_FUSED               see Vector.h
//   RK_TILE_ROWS, RK_TILE_VECTORS    the tile of a matrix product: 2 vectors of columns, 4 to 12 rows
//   RK_SUMS                          vectors that a sequence's tile may sum at once
//   RK_TABLE, RK_NAME                the table, and its name in words

#pragma STDC FP_CONTRACT OFF  // nothing fuses but vf_fma

#define RK_UNROLL _Pragma("clang loop unroll(full)")

#include "Vector.h"

#include "MatrixProduct.h"

#include "SequenceTile.h"

#include "SequenceWeights.h"

#include "SequenceForward.h"

#include "SequenceBackward.h"

#if __has_include("Elementwise.h")
#include "Elementwise.h"
#endif
#if __has_include("Reductions.h")
#include "Reductions.h"
#endif
#if __has_include("Optimizers.h")
#include "Optimizers.h"
#endif

const rk_kernels RK_TABLE = {
  .name = RK_NAME,
  .lanes = RK_LANES,
  .multiply_workspace = multiply_workspace,
  .multiply = multiply,
  .forward_weights_size = forward_weights_size,
  .pack_forward_weights = pack_forward_weights,
  .forward_workspace = forward_workspace,
  .run_forward = run_forward,
  .backward_weights_size = backward_weights_size,
  .pack_backward_weights = pack_backward_weights,
  .backward_workspace = backward_workspace,
  .run_backward = run_backward,
#if __has_include("Elementwise.h")
  .map = map,
  .map_gradient = map_gradient,
  .combine = combine,
  .add_scaled = add_scaled,
  .scale = scale,
#endif
#if __has_include("Reductions.h")
  .sum = sum,
  .dot = dot,
  .maximum = maximum,
  .sum_of_squares = sum_of_squares,
  .all_finite = all_finite,
  .column_sums = column_sums,
  .softmax = softmax,
  .log_softmax = log_softmax,
  .softmax_gradient = softmax_gradient,
  .log_softmax_gradient = log_softmax_gradient,
#endif
#if __has_include("Optimizers.h")
  .update_sgd = update_sgd,
  .update_adam = update_adam,
  .update_rmsprop = update_rmsprop,
  .update_adagrad = update_adagrad,
#endif
};
