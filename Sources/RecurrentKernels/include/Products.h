// Matrix products.

#ifndef RECURRENT_KERNELS_PRODUCTS_H
#define RECURRENT_KERNELS_PRODUCTS_H

#include <stdbool.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// C = start + A·B. Element (m, k) of A is a[row(m)·a_row_stride + depth(k)·a_depth_stride], element (k, n) of
/// B is b[k·b_depth_stride + n·b_column_stride], element (m, n) of C is c[crow(m)·c_row_stride + n]. With
/// strides, A and B may each be transposed. One stride of A and one of B must be 1.
typedef struct rk_matrix_product {
  int64_t rows, columns, depth;
  const float *a;
  int64_t a_row_stride, a_depth_stride;
  const float *b;
  int64_t b_depth_stride, b_column_stride;
  float *c;
  int64_t c_row_stride;
  /// [rows] row(m), [depth] depth(k), [rows] crow(m); null: the identity.
  const int32_t *_Nullable a_row_index, *_Nullable a_depth_index, *_Nullable c_row_index;
  /// [columns] the start value of every row; null: 0. Must be null when `accumulate`.
  const float *_Nullable bias;
  /// Start from what C holds.
  bool accumulate;
  /// Another product with the same B, columns and depth, which is then packed only once; null: none.
  const struct rk_matrix_product *_Nullable also;
  /// B as `rk_pack_product` made it, from this product's first column on, which is a multiple of 32; null: B is packed
  /// on the way.
  const float *_Nullable packed_b;
} rk_matrix_product;

/// Floats of workspace that `rk_multiply` needs for a product of this size; of several that share B, the most rows count.
int64_t rk_multiply_workspace(int64_t rows, int64_t columns, int64_t depth);
void rk_multiply(const rk_matrix_product *product, float *workspace);

/// Floats of a packed B, and the packing: for products that share B and come one after the other.
int64_t rk_packed_product_size(int64_t columns, int64_t depth);
void rk_pack_product(const rk_matrix_product *product, float *packed);

#pragma clang assume_nonnull end

#endif
