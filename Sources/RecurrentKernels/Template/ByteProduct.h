// The product of bytes, for a way to add four of them at once: RK_BYTES_NAME is the function, RK_BYTES_ROWS the name of its
// inner part, RK_BYTES_DOT(sums, four, w) adds to each of 16 sums the products of the four bytes without sign of `four` with
// four bytes of w, 64 in all. Stands alone.
//
// A packed matrix has blocks of 64 columns; in each, for each four of the depth, four bytes a column. So a block of
// columns stays in the first cache for all rows.

static inline __attribute__((always_inline)) void RK_BYTES_ROWS(
  const int64_t count, const uint8_t *a, const int8_t *block, int64_t depth, int32_t c[2][64]) {
  v16i sums[2][4] = {{{0}}};
  for (int64_t k = 0; k < depth; k += 4, block += 256)
    _Pragma("clang loop unroll(full)") for (int64_t row = 0; row < count; row++) {
      int32_t four = 0;
      if (k + 4 <= depth) __builtin_memcpy(&four, a + row * depth + k, 4);
      else __builtin_memcpy(&four, a + row * depth + k, (size_t)(depth - k));
      _Pragma("clang loop unroll(full)") for (int part = 0; part < 4; part++)
        RK_BYTES_DOT(&sums[row][part], four, block + 64 * part);
    }
  __builtin_memcpy(c, sums, sizeof sums);
}

static void RK_BYTES_NAME(
  const uint8_t *a, int64_t rows, const int8_t *packed, int64_t columns, int64_t depth, int32_t *c) {
  const int64_t size = (depth + 3) / 4 * 256;
  for (int64_t column = 0; column < columns; column += 64, packed += size) {
    const size_t bytes = (size_t)(columns - column < 64 ? columns - column : 64) * sizeof *c;
    int32_t found[2][64];
    for (int64_t row = 0; row < rows; row += 2) {
      const uint8_t *first = a + row * depth;
      if (row + 1 < rows) RK_BYTES_ROWS(2, first, packed, depth, found);
      else RK_BYTES_ROWS(1, first, packed, depth, found);
      for (int64_t other = 0; other < 2 && row + other < rows; other++)
        __builtin_memcpy(c + (row + other) * columns + column, found[other], bytes);
    }
  }
}

#undef RK_BYTES_NAME
#undef RK_BYTES_ROWS
#undef RK_BYTES_DOT
