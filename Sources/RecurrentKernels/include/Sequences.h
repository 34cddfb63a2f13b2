// A recurrent layer over a batch: forward and backward pass.

#ifndef RECURRENT_KERNELS_SEQUENCES_H
#define RECURRENT_KERNELS_SEQUENCES_H

#include <stdbool.h>
#include <stdint.h>

#include "Cells.h"

#pragma clang assume_nonnull begin

/// Where the threads of one pass wait for each other; zeros at first.
typedef struct {
  int32_t arrived, round;
} rk_meeting;

/// Floats of the packed weights for the forward pass.
int64_t rk_forward_weights_size(const rk_cell_weights *weights);
void rk_pack_forward_weights(const rk_cell_weights *weights, float *packed);

/// The forward pass of a layer over a batch, or over the steps first_step ..< end_step of it. An element's sum runs
/// over b (with b' where it may be added), then the input features, then the hidden units.
typedef struct {
  rk_cell cell;
  int32_t input_size, hidden_size, recurrent_size;
  const rk_sequence_layout *layout;
  int32_t first_step, end_step;        ///< behind step 0, `out` holds the steps before
  const rk_cell_options *_Nullable options;  ///< null: the plain formula
  bool projects;
  rk_weight_format format;             ///< in which the weights were packed
  const float *packed_weights;
  const float *x;                      ///< [B·T, I]
  int64_t x_stride;                    ///< floats from row to row
  /// [N, G·H] in packed order from first_step on: Wx + b, with b' where it may be added, which rk_multiply_input puts
  /// there; null: the steps multiply x. May be where the gates are kept.
  float *_Nullable start;
  /// [N] from first_step on: the row of `start` where a step's sums are, where several share them; null: its own.
  const int32_t *_Nullable start_row;
  float *out;                          ///< [B·T, R]; places that are not in the layout are not touched
  int64_t out_stride;
  bool keeps_out;                      ///< `out` holds these steps already and is not written
  float *h;                            ///< [B, R] in: initial hidden state, out: that of each row's last step
  float *_Nullable c;                  ///< [B, H] in: cell state before first_step, out: after end_step (LSTM)
  /// Kept for the backward pass, in packed order from first_step on; all null when there is none.
  /// gates [N, G·H]: the activated gates (the simple RNN keeps none); with options the sums before activation.
  /// extra [N, H]: LSTM c'; GRU reset after: Uh + b' of n; GRU reset before: r·h; simple RNN: null.
  /// masked [N, R]: h under the recurrent mask, if there is one. unprojected [N, H]: o·tanh(c'), if it is projected.
  float *_Nullable gates;
  float *_Nullable extra;
  float *_Nullable masked;
  float *_Nullable unprojected;
  /// Null: parts share the rows. Else they share the hidden units, for a few rows, all parts running at the same time
  /// (without options and projection).
  rk_meeting *_Nullable meeting;
} rk_sequence_forward;

/// Fills `start`, of all steps at once: the share `part` of `parts` of the units.
void rk_multiply_input(const rk_sequence_forward *pass, int32_t part, int32_t parts);
/// Floats of workspace that one thread of `rk_run_forward` needs.
int64_t rk_forward_workspace(const rk_sequence_forward *pass);
/// Runs the share `part` of `parts` of the rows, or of the units, through the steps.
void rk_run_forward(const rk_sequence_forward *pass, int32_t part, int32_t parts, float *workspace);

int64_t rk_backward_weights_size(const rk_cell_weights *weights);
void rk_pack_backward_weights(const rk_cell_weights *weights, float *packed);

/// The backward pass through the steps end_step - 1 … first_step: gradients of the gates' pre-activations and of the
/// state before. What is left (weights, bias, input) are matrix products over the packed rows.
typedef struct {
  rk_cell cell;
  int32_t input_size, hidden_size, recurrent_size;
  const rk_sequence_layout *layout;
  int32_t first_step, end_step;
  const rk_cell_options *_Nullable options;
  bool projects;
  const float *packed_weights;         ///< of rk_pack_backward_weights
  const float *out;                    ///< [B·T, R] the outputs of the forward pass
  int64_t out_stride;
  const float *h;                      ///< [B, R] the initial hidden state
  const float *_Nullable c;            ///< [B, H] the cell state before first_step (LSTM)
  /// In: what the forward pass kept. Out: gates [N, G·H] the gradients of the pre-activations (of Wx + b);
  /// extra [N, H]: GRU reset after: the gradient of Uh + b' of n; LSTM and GRU reset before: as it was.
  float *gates;
  float *_Nullable extra;
  const float *_Nullable masked;
  float *_Nullable projected_gradient;    ///< [N, R] out: the gradient of what the projection gave
  float *_Nullable peephole_gradient;     ///< [B, 3, H] in and out: the sums over the steps
  const float *_Nullable out_gradient;    ///< [B·T, R], null: 0
  int64_t out_gradient_stride;
  float *h_gradient;                   ///< [B, R] in: of the hidden state behind the steps, out: before them
  float *_Nullable c_gradient;         ///< [B, H] the same for the cell state (LSTM)
  rk_meeting *_Nullable meeting;       ///< as in the forward pass
} rk_sequence_backward;

int64_t rk_backward_workspace(const rk_sequence_backward *pass);
void rk_run_backward(const rk_sequence_backward *pass, int32_t part, int32_t parts, float *workspace);

#pragma clang assume_nonnull end

#endif
