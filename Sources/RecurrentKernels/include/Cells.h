// Recurrent cells: their formulas, options and weights, and how rows run through time.

#ifndef RECURRENT_KERNELS_CELLS_H
#define RECURRENT_KERNELS_CELLS_H

#include <stdint.h>

#include "Elements.h"

#pragma clang assume_nonnull begin

/// Gate order inside a row of G·H: LSTM i f g o, coupled i g o; GRU r z n; simple RNN one.
typedef enum {
  RK_CELL_LSTM,             ///< i f o sigmoid, g tanh; c' = f·c + i·g; h' = o·tanh(c')
  RK_CELL_LSTM_COUPLED,     ///< the same with f = 1 - i; always with options
  RK_CELL_GRU_RESET_AFTER,  ///< n = tanh(Wx + b + r·(Uh + b')); h' = (1 - z)·n + z·h
  RK_CELL_GRU_RESET_BEFORE, ///< n = tanh(Wx + b + U(r·h)); h' = (1 - z)·n + z·h
  RK_CELL_RNN_TANH,         ///< h' = tanh(Wx + b + Uh)
  RK_CELL_RNN_RELU,         ///< h' = max(0, Wx + b + Uh)
} rk_cell;

/// G: 4 for LSTM, 3 coupled, 3 for GRU, 1 for simple RNN.
int32_t rk_cell_gates(rk_cell cell);

/// How the rows of a batch run through time. Rows are sorted by their number of steps, longest first, so the rows
/// still running at step s are the first `active[s]`. What belongs to a step of a row stands in packed order: row j
/// of step s is packed row offset[s] + j, N in all.
typedef struct {
  int32_t rows;               ///< B
  int32_t steps;              ///< the longest length
  const int32_t *batch_row;   ///< [B] the batch row of sorted row j
  const int32_t *length;      ///< [B] the number of steps of sorted row j
  const int32_t *active;      ///< [steps]
  const int64_t *offset;      ///< [steps]
  const int32_t *place;       ///< [N] where the step stands in values [B, T, F]: row b·T + t of [B·T, F]
} rk_sequence_layout;

/// What packed weights of the forward pass are kept as. Sums are float32 in any case, and their bits those of the
/// float32 weights, which must lie on the grid: the kernels widen each weight to exactly that.
typedef enum {
  RK_FLOAT32,
  RK_BFLOAT16,  ///< the upper half of a float32
  RK_INT8,      ///< q·scale in one rounding, with a whole q in -127 … 127 and one scale a column of each matrix
} rk_weight_format;

/// Weights of a layer as they stand in tensors: input [I, G·H], recurrent [R, G·H], bias [G·H]. R is the size of the
/// hidden state: H, or P with a projection.
typedef struct {
  rk_cell cell;
  int32_t input_size, hidden_size, recurrent_size;
  const float *input_weights;
  const float *recurrent_weights;
  const float *_Nullable bias;           ///< b, null: 0
  const float *_Nullable recurrent_bias; ///< b', null: 0. Outside the reset product it is simply added to b.
  const float *_Nullable projection;     ///< [H, P] (LSTM): h' = (o·tanh(c'))·P; null: none
  rk_weight_format format;               ///< of the matrices, packed for the forward pass; vectors stay float32
  /// [G·H], [G·H], [P] the scales of the matrices' columns (RK_INT8), else null.
  const float *_Nullable input_scales, *_Nullable recurrent_scales, *_Nullable projection_scales;
} rk_cell_weights;

/// What a cell does beyond its plain formula.
typedef struct {
  rk_function gate, activation;           ///< of the gates (σ) and of candidate and cell state (tanh)
  float gate_clip, cell_clip;             ///< sums before activations, and c', stay within ±; infinity: no limit
  const float *_Nullable peepholes;       ///< [3, H] i f o: c of before joins the sums of i and f, c' that of o
  const float *_Nullable recurrent_mask;  ///< [B, R] factors of h in the recurrent product; null: 1
  /// Zoneout: h' = k·h + (1 - k)·h', the same for c. k is this share, or of each step its mask of 0 and 1.
  float zoneout, cell_zoneout;
  const float *_Nullable zoneout_mask;       ///< [N, R] in packed order
  const float *_Nullable cell_zoneout_mask;  ///< [N, H]
} rk_cell_options;

#pragma clang assume_nonnull end

#endif
