// The product of bytes, for a way to add four of them at once: RK_BYTES_NAME is the function, RK_BYTES_ROWS the name of its
// inner part, RK_BYTES_TOGETHER the rows whose sums fit the registers, RK_BYTES_DOT(sums, four, w) adds to each of 16 sums the
// products of the four bytes without sign of `four` with four bytes of w, 64 in all. Stands alone.
//
// A packed matrix has blocks of 64 columns; in each, for each four of the depth, four bytes a column. So a block of
// columns stays in the first cache for all rows, and what is loaded of it serves all rows together.

static inline __attribute__((always_inline)) void RK_BYTES_ROWS(
  const int64_t count, const uint8_t *a, const int8_t *block, int64_t depth, int32_t *c, int64_t columns, size_t bytes) {
  v16i sums[RK_BYTES_TOGETHER][4] = {{{0}}};
  int64_t k = 0;
  for (; k + 4 <= depth; k += 4, block += 256)
    _Pragma("clang loop unroll(full)") for (int64_t row = 0; row < count; row++) {
      int32_t four;
      __builtin_memcpy(&four, a + row * depth + k, 4);
      _Pragma("clang loop unroll(full)") for (int part = 0; part < 4; part++)
        RK_BYTES_DOT(&sums[row][part], four, block + 64 * part);
    }
  if (k < depth)
    _Pragma("clang loop unroll(full)") for (int64_t row = 0; row < count; row++) {
      int32_t four = 0;
      __builtin_memcpy(&four, a + row * depth + k, (size_t)(depth - k));
      _Pragma("clang loop unroll(full)") for (int part = 0; part < 4; part++)
        RK_BYTES_DOT(&sums[row][part], four, block + 64 * part);
    }
  _Pragma("clang loop unroll(full)") for (int64_t row = 0; row < count; row++) {
    int32_t found[64];
    __builtin_memcpy(found, sums[row], sizeof found);
    __builtin_memcpy(c + row * columns, found, bytes);
  }
}

static void RK_BYTES_NAME(
  const uint8_t *a, int64_t rows, const int8_t *packed, int64_t columns, int64_t depth, int32_t *c) {
  const int64_t size = (depth + 3) / 4 * 256;
  for (int64_t column = 0; column < columns; column += 64, packed += size) {
    const size_t bytes = (size_t)(columns - column < 64 ? columns - column : 64) * sizeof *c;
    int64_t row = 0;
    for (; row + RK_BYTES_TOGETHER <= rows; row += RK_BYTES_TOGETHER)
      RK_BYTES_ROWS(RK_BYTES_TOGETHER, a + row * depth, packed, depth, c + row * columns + column, columns, bytes);
    for (; row < rows; row++) RK_BYTES_ROWS(1, a + row * depth, packed, depth, c + row * columns + column, columns, bytes);
  }
}

#undef RK_BYTES_NAME
#undef RK_BYTES_ROWS
#undef RK_BYTES_DOT
#undef RK_BYTES_TOGETHER
