// C = start + A·B, in the manner of BLIS (Van Zee & van de Geijn, 2015): blocks of A and B are packed so that
// the innermost loop, a tile of C held in registers, reads both in a straight line.
//
// An element of C accumulates over k in ascending order. Between blocks of the depth it rests in C, which
// changes no bit of it.

#define RK_PANEL (RK_TILE_VECTORS * RK_LANES)  // columns of a tile, and of a packed panel of B

enum {
  DEPTH_BLOCK = 512,    // a tile of this depth makes up for fetching and storing C,
  ROW_BLOCK = 192,      // a block of A of these rows stays in the second cache,
  COLUMN_BLOCK = 1024,  // and a block of B of these columns in the third
  // With no more rows than this, packing B costs more than reading it where it stands; and the same of A
  // with no more columns.
  ROWS_IN_PLACE = 2 * RK_TILE_ROWS,
  COLUMNS_IN_PLACE = 4 * RK_PANEL,
};

RK_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
RK_INLINE int64_t round_up(int64_t n, int64_t unit) { return (n + unit - 1) / unit * unit; }

static float *aligned(float *p) { return (float *)(((uintptr_t)p + 63) & ~(uintptr_t)63); }

static int64_t multiply_workspace(int64_t rows, int64_t columns, int64_t depth) {
  int64_t block = smaller(depth, DEPTH_BLOCK);
  int64_t a = round_up(smaller(rows, ROW_BLOCK) * block, 16);
  int64_t b = round_up(smaller(columns, COLUMN_BLOCK), RK_PANEL) * block;
  return a + b + 16;
}

/// Fetches what will soon be read, and perhaps written: rows that lie far apart, which no prefetcher of the machine
/// foresees.
RK_INLINE void fetch_row(const float *row, int64_t count) {
  for (int64_t at = 0; at < count; at += 16) __builtin_prefetch(row + at);
}

// MARK: One tile

typedef struct {
  const float *a;     // packed: for each k, the tile's rows; null: `row` is read instead
  const float *const *row;  // the tile's rows of A where they stand, the depth without gaps
  const float *b;     // for each k, RK_PANEL columns, `b_step` floats apart
  int64_t b_step, depth;
  float *const *c;    // the tile's rows
  int64_t column;     // the tile's first
  const float *bias;  // at the tile's first column, or null
  bool from_c;
  int64_t columns;    // 1 … RK_PANEL
} product_tile;

/// One k of a tile: sum[m][v] += row[m]·column[v].
#define RK_MULTIPLY_STEP(value)                                                     \
  do {                                                                              \
    vf column[RK_TILE_VECTORS];                                                     \
    RK_UNROLL                                                                       \
    for (int v = 0; v < vectors; v++) column[v] = vf_load(b + v * RK_LANES);        \
    RK_UNROLL                                                                       \
    for (int m = 0; m < rows; m++) {                                                \
      vf row = vf_all(value);                                                       \
      RK_UNROLL                                                                     \
      for (int v = 0; v < vectors; v++) sum[m][v] = vf_fma(row, column[v], sum[m][v]); \
    }                                                                               \
    b += b_step;                                                                    \
  } while (0)

RK_INLINE void multiply_tile_of(const int rows, const int vectors, const product_tile *t) {
  vf sum[RK_TILE_ROWS][RK_TILE_VECTORS];
  const float *b = t->b;
  const int64_t b_step = t->b_step, columns = t->columns;

  RK_UNROLL
  for (int m = 0; m < rows; m++)
    RK_UNROLL
    for (int v = 0; v < vectors; v++) {
      const float *start = t->from_c ? t->c[m] + t->column : t->bias;
      int64_t left = columns - v * RK_LANES;
      sum[m][v] = vf_all(0);
      if (start && left > 0) sum[m][v] = vf_load_part(start + v * RK_LANES, smaller(left, RK_LANES));
    }

  if (t->a) {
    const float *a = t->a;
    for (int64_t k = t->depth; k > 0; k--) {
      RK_MULTIPLY_STEP(a[m]);
      a += rows;
    }
  } else {
    const float *source[RK_TILE_ROWS];
    RK_UNROLL
    for (int m = 0; m < rows; m++) source[m] = t->row[m];
    for (int64_t k = 0; k < t->depth; k++) RK_MULTIPLY_STEP(source[m][k]);
  }

  RK_UNROLL
  for (int m = 0; m < rows; m++)
    RK_UNROLL
    for (int v = 0; v < vectors; v++) {
      int64_t left = columns - v * RK_LANES;
      if (left > 0) vf_store_part(t->c[m] + t->column + v * RK_LANES, sum[m][v], smaller(left, RK_LANES));
    }
}

#undef RK_MULTIPLY_STEP

/// The height of the next tile when `rows` are left: whole tiles, then powers of two.
RK_INLINE int tile_height(int64_t rows) {
  if (rows >= RK_TILE_ROWS) return RK_TILE_ROWS;
  return rows >= 8 ? 8 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1;
}

/// A tile whose columns fit one vector does not multiply a second one.
RK_INLINE void multiply_tile_rows(const int rows, const product_tile *t) {
  if (t->columns > RK_LANES) multiply_tile_of(rows, RK_TILE_VECTORS, t);
  else multiply_tile_of(rows, 1, t);
}

static void multiply_tile(int rows, const product_tile *t) {
  if (rows == RK_TILE_ROWS) multiply_tile_rows(RK_TILE_ROWS, t);
#if RK_TILE_ROWS > 8
  else if (rows == 8) multiply_tile_rows(8, t);
#endif
#if RK_TILE_ROWS > 4
  else if (rows == 4) multiply_tile_rows(4, t);
#endif
  else if (rows == 2) multiply_tile_rows(2, t);
  else multiply_tile_rows(1, t);
}

// MARK: Packing

/// `rows` rows of A from row `m0`, `depth` of the depth from `k0`: for each k, the rows side by side.
RK_INLINE void pack_a_tile(
  const rk_matrix_product *p, int64_t m0, const int rows, int64_t k0, int64_t depth, float *packed) {
  if (p->a_row_stride == 1 && !p->a_row_index) {
    for (int64_t k = k0; k < k0 + depth; k++) {
      int64_t at = (p->a_depth_index ? p->a_depth_index[k] : k) * p->a_depth_stride;
      __builtin_memcpy(packed, p->a + m0 + at, (size_t)rows * 4);
      packed += rows;
    }
    return;
  }
  const float *row[RK_TILE_ROWS];
  for (int m = 0; m < rows; m++)
    row[m] = p->a + (p->a_row_index ? p->a_row_index[m0 + m] : m0 + m) * p->a_row_stride;
  int64_t k = k0;
  if (p->a_depth_stride == 1 && !p->a_depth_index && rows <= RK_LANES && 2 * rows >= RK_LANES)
    for (; k + RK_LANES <= k0 + depth; k += RK_LANES) {
      vf block[RK_LANES];
      RK_UNROLL
      for (int m = 0; m < RK_LANES; m++) block[m] = m < rows ? vf_load(row[m] + k) : vf_all(0);
      vf_transpose(block);
      // What is beyond the rows, the next vector overwrites.
      RK_UNROLL
      for (int i = 0; i < RK_LANES - 1; i++) vf_store(packed + i * rows, block[i]);
      vf_store_part(packed + (RK_LANES - 1) * rows, block[RK_LANES - 1], rows);
      packed += RK_LANES * rows;
    }
  for (; k < k0 + depth; k++) {
    int64_t at = (p->a_depth_index ? p->a_depth_index[k] : k) * p->a_depth_stride;
    for (int m = 0; m < rows; m++) packed[m] = row[m][at];
    packed += rows;
  }
}

static void pack_a(
  const rk_matrix_product *p, int64_t m0, int64_t rows, int64_t k0, int64_t depth, float *packed) {
  while (rows > 0) {
    int height = tile_height(rows);
    if (height == RK_TILE_ROWS) pack_a_tile(p, m0, RK_TILE_ROWS, k0, depth, packed);
    else if (height == 8) pack_a_tile(p, m0, 8, k0, depth, packed);
    else pack_a_tile(p, m0, height, k0, depth, packed);
    m0 += height;
    rows -= height;
    packed += height * depth;
  }
}

/// One panel of B from column `n0`: for each k, RK_PANEL columns, those beyond the last one 0.
static void pack_b_panel(
  const rk_matrix_product *p, int64_t n0, int64_t columns, int64_t k0, int64_t depth, float *packed) {
  const float *b = p->b + k0 * p->b_depth_stride + n0 * p->b_column_stride;
  if (p->b_column_stride == 1) {
    for (int64_t k = 0; k < depth; k++) {
      for (int v = 0; v < RK_TILE_VECTORS; v++) {
        int64_t left = columns - v * RK_LANES;
        vf part = vf_all(0);
        if (left > 0) part = vf_load_part(b + v * RK_LANES, smaller(left, RK_LANES));
        vf_store(packed + v * RK_LANES, part);
      }
      b += p->b_depth_stride;
      packed += RK_PANEL;
    }
  } else {
    // A block of RK_LANES columns and as many k, whose rows stand in lines of memory, is turned in registers.
    for (int64_t n = 0; n < RK_PANEL; n += RK_LANES) {
      const int64_t left = smaller(columns - n, RK_LANES);
      int64_t k = 0;
      for (; left == RK_LANES && k + RK_LANES <= depth; k += RK_LANES) {
        vf block[RK_LANES];
        RK_UNROLL
        for (int i = 0; i < RK_LANES; i++) block[i] = vf_load(b + (n + i) * p->b_column_stride + k);
        vf_transpose(block);
        RK_UNROLL
        for (int i = 0; i < RK_LANES; i++) vf_store(packed + (k + i) * RK_PANEL + n, block[i]);
      }
      for (; k < depth; k++)
        for (int64_t i = 0; i < RK_LANES; i++)
          packed[k * RK_PANEL + n + i] = i < left ? b[(n + i) * p->b_column_stride + k * p->b_depth_stride] : 0;
    }
  }
}

/// All of B, a panel after the other.
static void pack_product(const rk_matrix_product *p, float *packed) {
  for (int64_t n = 0; n < p->columns; n += RK_PANEL)
    pack_b_panel(p, n, smaller(p->columns - n, RK_PANEL), 0, p->depth, packed + n * p->depth);
}

static int64_t packed_product_size(int64_t columns, int64_t depth) {
  return round_up(columns, RK_PANEL) * depth;
}

// MARK: The product

/// The block of C at rows from `m0`, columns from `n0`: its tiles, a panel of B after the other; panels have `b_depth`
/// of the depth. `a` is null where A is read in place.
static void multiply_block(
  const rk_matrix_product *p, int64_t m0, int64_t rows, int64_t n0, int64_t columns, int64_t k0,
  int64_t depth, const float *a, const float *b, int64_t b_depth, bool b_in_place) {
  float *c[ROW_BLOCK];
  const float *source[ROW_BLOCK];
  for (int64_t m = 0; m < rows; m++) {
    const int64_t row = m0 + m;
    c[m] = p->c + (p->c_row_index ? p->c_row_index[row] : row) * p->c_row_stride;
    source[m] = p->a + (p->a_row_index ? p->a_row_index[row] : row) * p->a_row_stride + k0;
  }
  for (int64_t n = 0; n < columns; n += RK_PANEL) {
    product_tile tile = {.depth = depth, .column = n0 + n, .columns = smaller(columns - n, RK_PANEL)};
    bool in_place = b_in_place && tile.columns == RK_PANEL;
    tile.b = in_place ? p->b + k0 * p->b_depth_stride + n0 + n : b + n * b_depth;
    tile.b_step = in_place ? p->b_depth_stride : RK_PANEL;
    tile.bias = k0 == 0 && p->bias ? p->bias + n0 + n : NULL;
    tile.from_c = k0 > 0 || p->accumulate;
    for (int64_t m = 0; m < rows;) {
      const int height = tile_height(rows - m);
      tile.a = a ? a + m * depth : NULL;
      tile.row = source + m;
      tile.c = c + m;
      m += height;
      // The rows of C lie far apart: the next tile's are fetched while this one is summed.
      for (int64_t i = m; i < smaller(m + RK_TILE_ROWS, rows); i++) fetch_row(c[i] + n0 + n, RK_PANEL);
      multiply_tile(height, &tile);
    }
  }
}

static void multiply(const rk_matrix_product *p, float *workspace) {
  if ((p->rows <= 0 && !p->also) || p->columns <= 0) return;
  const bool in_place =
    p->b_column_stride == 1 && p->rows <= ROWS_IN_PLACE && !p->also && !p->packed_b;
  float *b = aligned(workspace);
  float *a = b + round_up(smaller(p->columns, COLUMN_BLOCK), RK_PANEL) * smaller(p->depth, DEPTH_BLOCK);
  for (int64_t n0 = 0; n0 < p->columns; n0 += COLUMN_BLOCK) {
    int64_t columns = smaller(p->columns - n0, COLUMN_BLOCK);
    int64_t k0 = 0;
    do {  // once at depth 0 too: C is its start then
      int64_t depth = smaller(p->depth - k0, DEPTH_BLOCK);
      for (int64_t n = 0; n < columns && !p->packed_b; n += RK_PANEL) {
        int64_t width = smaller(columns - n, RK_PANEL);
        if (in_place && width == RK_PANEL) continue;
        pack_b_panel(p, n0 + n, width, k0, depth, b + n * depth);
      }
      const float *panels = p->packed_b ? p->packed_b + n0 * p->depth + k0 * RK_PANEL : b;
      for (const rk_matrix_product *q = p; q; q = q->also) {
        const bool a_in_place =
          q->a_depth_stride == 1 && !q->a_depth_index && q->columns <= COLUMNS_IN_PLACE;
        for (int64_t m0 = 0; m0 < q->rows; m0 += ROW_BLOCK) {
          int64_t rows = smaller(q->rows - m0, ROW_BLOCK);
          if (!a_in_place) pack_a(q, m0, rows, k0, depth, a);
          multiply_block(
            q, m0, rows, n0, columns, k0, depth, a_in_place ? NULL : a, panels,
            p->packed_b ? p->depth : depth, in_place);
        }
      }
      k0 += DEPTH_BLOCK;
    } while (k0 < p->depth);
  }
}
