// Sums, and what is computed of whole rows. Reductions are of one fixed shape: sixteen running sums, then a tree.

#ifndef RECURRENT_KERNELS_ROWS_H
#define RECURRENT_KERNELS_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

float rk_sum(const float *x, int64_t count);
float rk_dot(const float *x, const float *y, int64_t count);
float rk_maximum(const float *x, int64_t count);
/// Sum of squares in double precision, for norms.
double rk_sum_of_squares(const float *x, int64_t count);
/// The same of a part: adds the squares of elements that stand from place `first` on to the sixteen running sums.
void rk_add_squares(const float *x, int64_t count, int64_t first, double *sums);
/// True if no element is infinite or not a number.
bool rk_all_finite(const float *x, int64_t count);
/// y[n] (+)= the sum over rows m of x[m·row_stride + n], in order of m.
void rk_column_sums(
  const float *x, int64_t rows, int64_t columns, int64_t row_stride, bool accumulate, float *y);

/// Of each row of x [rows, columns].
void rk_softmax(const float *x, float *y, int64_t rows, int64_t columns);
void rk_log_softmax(const float *x, float *y, int64_t rows, int64_t columns);
/// dx += the gradient, where y is the (log-)softmax.
void rk_softmax_gradient(const float *y, const float *dy, float *dx, int64_t rows, int64_t columns);
void rk_log_softmax_gradient(
  const float *y, const float *dy, float *dx, int64_t rows, int64_t columns);

/// Cross-entropy of a row of logits x with class c: a·(L - x_c) + s·Σ_j w_j·(L - x_j), where L = log Σ e^x,
/// a = own·w_c. Without label smoothing s is 0 and own 1; w are the classes' weights.
typedef struct {
  int64_t columns;
  float own, smoothing;
  const float *_Nullable class_weights;  ///< [columns], null: 1
  float weight_sum;                      ///< Σ w
  float gradient_scale;
  bool gradients;                        ///< x becomes gradient_scale times the gradient; else it stays
} rk_cross_entropy;
/// Of each row of x [rows, columns] with its class.
void rk_run_cross_entropy(
  const rk_cross_entropy *rule, float *x, int64_t rows, const int32_t *classes, float *losses);

#pragma clang assume_nonnull end

#endif
