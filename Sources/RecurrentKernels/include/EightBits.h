// Whole numbers of eight bits: what ONNX Runtime's quantized models compute with. All sums are exact, and so the same on
// every path.

#ifndef RECURRENT_KERNELS_EIGHT_BITS_H
#define RECURRENT_KERNELS_EIGHT_BITS_H

#include <stdint.h>

#pragma clang assume_nonnull begin

/// The least and the greatest of the numbers and 0. What is not a number does not count.
void rk_range(const float *x, int64_t count, float *least, float *most);
/// bytes = x / scale rounded, ties to even, plus zero, within 0 … 255. What is not a number becomes 0.
void rk_round_to_bytes(float scale, float zero, const float *x, uint8_t *bytes, int64_t count);

/// Bytes that a matrix [depth, columns] takes when it is packed, and the packing.
int64_t rk_packed_bytes_size(int64_t columns, int64_t depth);
void rk_pack_bytes(const int8_t *b, int64_t columns, int64_t depth, int8_t *packed);
/// C = A·B for A [rows, depth] without sign and a packed B, C [rows, columns]: modulo 2^32 where the sums are larger.
void rk_multiply_bytes(
  const uint8_t *a, int64_t rows, const int8_t *packed, int64_t columns, int64_t depth, int32_t *c);

/// What the numbers in a matrix of bytes B [depth, columns] stand for: (b - zero)·scale, column by column.
typedef struct {
  int64_t columns, depth;
  const int32_t *sums;   ///< [columns] the sum of each column of B
  const int32_t *zeros;  ///< [columns]
  const float *scales;   ///< [columns]
} rk_byte_columns;
/// y = start + scale·(a - zero)·(b - zeros)·scales for one row a, of which the sum and the row of A·B are given.
void rk_floats_of_sums(
  const rk_byte_columns *b, const int32_t *products, int32_t row_sum, float scale, int32_t zero,
  const float *start, float *y);
/// The rest of a step of an LSTM, one row: z [4·units] of the input, output and forget gate and of what is new; the cell c
/// is replaced, h is written.
void rk_lstm_step(int64_t units, const float *z, float *c, float *h);

#pragma clang assume_nonnull end

#endif
