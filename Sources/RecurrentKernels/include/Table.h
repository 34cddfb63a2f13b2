// The table of functions that each instruction set implements, and its choice.

#ifndef RECURRENT_KERNELS_TABLE_H
#define RECURRENT_KERNELS_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "Cells.h"
#include "Distributions.h"
#include "EightBits.h"
#include "Elements.h"
#include "Products.h"
#include "Rows.h"
#include "Scans.h"
#include "Sequences.h"
#include "Steps.h"
#include "Updates.h"

#pragma clang assume_nonnull begin

/// Multiply-adds of one round of `rk_multiply_add_rounds`, on every path.
enum { RK_MULTIPLY_ADDS_OF_A_ROUND = 192 };
/// Does nothing but multiply-adds in registers, x = x/2 + start on each of many x, and returns their mean, which goes to
/// 2·start. Its speed is the limit of every kernel above.
float rk_multiply_add_rounds(int64_t rounds, float start);

/// One implementation of every kernel above, under the same names without `rk_`. Packed weights belong to the table
/// that packed them.
typedef struct {
  const char *name;  ///< "portable", "avx2", "avx512", "neon"
  int32_t lanes;     ///< floats in a vector
  int64_t (*multiply_workspace)(int64_t, int64_t, int64_t);
  void (*multiply)(const rk_matrix_product *, float *);
  int64_t (*packed_product_size)(int64_t, int64_t);
  void (*pack_product)(const rk_matrix_product *, float *);
  int64_t (*forward_weights_size)(const rk_cell_weights *);
  void (*pack_forward_weights)(const rk_cell_weights *, float *);
  void (*multiply_input)(const rk_sequence_forward *, int32_t, int32_t);
  int64_t (*forward_workspace)(const rk_sequence_forward *);
  void (*run_forward)(const rk_sequence_forward *, int32_t, int32_t, float *);
  /// Floats that the packed weights of a single step take, and its workspace; the packing.
  int64_t (*step_weights_size)(const rk_cell_weights *);
  int64_t (*step_workspace)(int32_t hidden_size);
  void (*lay_out_step)(const rk_cell_weights *, float *packed, rk_step *);
  /// The same of bias + x·W, W [depth, columns], of one row.
  int64_t (*row_product_size)(int64_t columns, int64_t depth);
  void (*lay_out_row_product)(
    int64_t columns, int64_t depth, const float *weights, const float *_Nullable bias, float *packed, rk_row_matrix *);
  int64_t (*backward_weights_size)(const rk_cell_weights *);
  void (*pack_backward_weights)(const rk_cell_weights *, float *);
  int64_t (*backward_workspace)(const rk_sequence_backward *);
  void (*run_backward)(const rk_sequence_backward *, int32_t, int32_t, float *);
  void (*run_scan)(const rk_scan_forward *, int32_t, int32_t);
  void (*run_scan_backward)(const rk_scan_backward *, int32_t, int32_t);
  void (*map)(rk_function, const float *, float *, int64_t);
  void (*map_gradient)(
    rk_function, const float *, const float *, const float *, float *, int64_t);
  void (*combine)(rk_operator, const float *, int64_t, const float *, int64_t, float *, int64_t);
  void (*gate)(float *, const float *, float *, int64_t);
  void (*gate_gradient)(float *, const float *, float *, int64_t);
  void (*add_scaled)(float, const float *, float *, int64_t);
  void (*scale)(float, float, const float *, float *, int64_t);
  void (*apply_mask)(const rk_mask *, int64_t, const float *_Nullable, float *, int64_t);
  float (*sum)(const float *, int64_t);
  float (*dot)(const float *, const float *, int64_t);
  float (*maximum)(const float *, int64_t);
  double (*sum_of_squares)(const float *, int64_t);
  void (*add_squares)(const float *, int64_t, int64_t, double *);
  bool (*all_finite)(const float *, int64_t);
  void (*column_sums)(const float *, int64_t, int64_t, int64_t, bool, float *);
  void (*softmax)(const float *, float *, int64_t, int64_t);
  void (*log_softmax)(const float *, float *, int64_t, int64_t);
  void (*softmax_gradient)(const float *, const float *, float *, int64_t, int64_t);
  void (*log_softmax_gradient)(const float *, const float *, float *, int64_t, int64_t);
  void (*run_cross_entropy)(
    const rk_cross_entropy *, float *, int64_t, const int32_t *, float *);
  void (*run_nade)(const rk_nade *, int64_t, int64_t, float *, float *);
  void (*run_nade_backward)(
    const rk_nade *, int64_t, int64_t, int64_t, const float *, float *, float *, float *, float *);
  bool (*update_sgd)(
    const rk_sgd *, float *, const float *_Nullable, float *_Nullable, int64_t);
  bool (*update_adam)(
    const rk_adam *, float *, const float *_Nullable, float *, float *, float *_Nullable, int64_t);
  bool (*update_rmsprop)(
    const rk_rmsprop *, float *, const float *_Nullable, float *, float *_Nullable,
    float *_Nullable, int64_t);
  bool (*update_adagrad)(
    const rk_adagrad *, float *, const float *_Nullable, float *, int64_t);
  void (*update_average)(float, const float *, float *, int64_t);
  void (*range)(const float *, int64_t, float *, float *);
  void (*round_to_bytes)(float, float, const float *, uint8_t *, int64_t);
  int64_t (*packed_bytes_size)(int64_t, int64_t);
  void (*pack_bytes)(const int8_t *, int64_t, int64_t, int8_t *);
  void (*multiply_bytes)(const uint8_t *, int64_t, const int8_t *, int64_t, int64_t, int32_t *);
  void (*floats_of_sums)(
    const rk_byte_columns *, const int32_t *, int32_t, float, int32_t, const float *, float *);
  void (*lstm_step)(int64_t, const float *, float *, float *);
  float (*multiply_add_rounds)(int64_t, float);
} rk_kernels;

/// Number of tables built into this binary, and one of them, best first. Null where the machine lacks its instructions.
int32_t rk_path_count(void);
const rk_kernels *_Nullable rk_path(int32_t index);

/// The table that the functions above use: the best of the machine, or the one named by RECURRENT_KERNELS.
const rk_kernels *rk_kernels_current(void);
/// The one for single steps of `units` units: AVX2's in place of AVX-512's if its vectors hold all units, since a narrower
/// vector is the quicker one.
const rk_kernels *rk_kernels_for_steps(int32_t units);
/// False when RECURRENT_KERNELS names a path that is not there (the best one is used then).
bool rk_kernels_choice_honoured(void);

#pragma clang assume_nonnull end

#endif
