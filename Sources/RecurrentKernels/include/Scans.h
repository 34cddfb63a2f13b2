// Scans: recurrences of each unit alone.

#ifndef RECURRENT_KERNELS_SCANS_H
#define RECURRENT_KERNELS_SCANS_H

#include <stdint.h>

#include "Cells.h"

#pragma clang assume_nonnull begin

/// h_t = f(p_t + q_t·h_{t-1}) for each unit alone, along the steps of each row.
typedef struct {
  rk_function function;                ///< RK_IDENTITY, RK_TANH or RK_RELU
  int32_t hidden_size;
  const rk_sequence_layout *layout;
  const float *p;                      ///< [B·T, H]
  const float *q;                      ///< [B·T, H], or [H] for all steps
  int64_t q_stride;                    ///< H, or 0 for all steps
  float *out;                          ///< [B·T, H]; places that are not in the layout are not touched
  float *h;                            ///< [B, H] in: before the first step, out: that of each row's last step
} rk_scan_forward;

/// Runs the share `part` of `parts` of the rows. Shares touch disjoint rows.
void rk_run_scan(const rk_scan_forward *pass, int32_t part, int32_t parts);

/// The way back, from the last step to the first.
typedef struct {
  rk_function function;
  int32_t hidden_size;
  const rk_sequence_layout *layout;
  const float *q;
  int64_t q_stride;
  const float *out;                      ///< [B·T, H] of the forward pass
  const float *h;                        ///< [B, H] before the first step
  const float *_Nullable out_gradient;   ///< [B·T, H], null: 0
  float *p_gradient;                     ///< [B·T, H] out; places that are not in the layout are not touched
  /// The same; with one q for all steps [B, H], in and out: the sum over each row's steps.
  float *q_gradient;
  float *h_gradient;                     ///< [B, H] in: of the state after the steps, out: before them
} rk_scan_backward;

void rk_run_scan_backward(const rk_scan_backward *pass, int32_t part, int32_t parts);

#pragma clang assume_nonnull end

#endif
