// All templates, and the table of one instruction set. The including file defines
//   RK_LANES, RK_FUSED               see Vector.h
//   RK_TILE_ROWS, RK_TILE_VECTORS    the tile of a matrix product: 2 or 4 vectors of columns, 4 to 12 rows
//   RK_SUMS                          vectors that a sequence's tile may sum at once
//   RK_LANE_OPERANDS                 1 where a multiply-add takes one lane of a vector as factor: then values of a row
//                                    are loaded by vectors, which spares a broadcast for each of them
//   RK_TABLE, RK_NAME                the table, and its name in words

#pragma STDC FP_CONTRACT OFF  // nothing fuses but vf_fma

#define RK_UNROLL _Pragma("clang loop unroll(full)")

#include "Vector.h"

#include "Functions.h"

#include "MatrixProduct.h"

#include "SequenceTile.h"

#include "SequenceWeights.h"

#include "CellForward.h"

#include "SequenceInput.h"

#include "SequenceForward.h"

#include "SingleStep.h"

#include "CellBackward.h"

#include "SequenceBackward.h"

#include "Scan.h"

#include "Elementwise.h"
#include "Mask.h"
#include "Reductions.h"
#include "CrossEntropy.h"
#include "Nade.h"
#include "Optimizers.h"
#include "EightBits.h"
#include "Peak.h"

const rk_kernels RK_TABLE = {
  .name = RK_NAME,
  .lanes = RK_LANES,
  .multiply_workspace = multiply_workspace,
  .multiply = multiply,
  .packed_product_size = packed_product_size,
  .pack_product = pack_product,
  .forward_weights_size = forward_weights_size,
  .pack_forward_weights = pack_forward_weights,
  .multiply_input = multiply_input,
  .forward_workspace = forward_workspace,
  .run_forward = run_forward,
  .step_weights_size = step_weights_size,
  .step_workspace = step_workspace,
  .lay_out_step = lay_out_step,
  .row_product_size = row_product_size,
  .lay_out_row_product = lay_out_row_product,
  .backward_weights_size = backward_weights_size,
  .pack_backward_weights = pack_backward_weights,
  .backward_workspace = backward_workspace,
  .run_backward = run_backward,
  .run_scan = run_scan,
  .run_scan_backward = run_scan_backward,
  .map = k_map,
  .map_gradient = k_map_gradient,
  .combine = k_combine,
  .gate = k_gate,
  .gate_gradient = k_gate_gradient,
  .add_scaled = k_add_scaled,
  .scale = k_scale,
  .apply_mask = k_apply_mask,
  .sum = k_sum,
  .dot = k_dot,
  .maximum = k_maximum,
  .sum_of_squares = k_sum_of_squares,
  .add_squares = k_add_squares,
  .all_finite = k_all_finite,
  .column_sums = k_column_sums,
  .softmax = k_softmax,
  .log_softmax = k_log_softmax,
  .softmax_gradient = k_softmax_gradient,
  .log_softmax_gradient = k_log_softmax_gradient,
  .run_cross_entropy = k_run_cross_entropy,
  .run_nade = k_run_nade,
  .run_nade_backward = k_run_nade_backward,
  .update_sgd = k_update_sgd,
  .update_adam = k_update_adam,
  .update_rmsprop = k_update_rmsprop,
  .update_adagrad = k_update_adagrad,
  .update_average = k_update_average,
  .range = k_range,
  .round_to_bytes = k_round_to_bytes,
  .packed_bytes_size = k_packed_bytes_size,
  .pack_bytes = k_pack_bytes,
  .multiply_bytes = k_multiply_bytes,
  .floats_of_sums = k_floats_of_sums,
  .lstm_step = k_lstm_step,
  .multiply_add_rounds = multiply_add_rounds,
};
