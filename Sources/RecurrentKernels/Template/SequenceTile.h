// What the steps of all cells have in common, forward and backward: for a few rows at once, sums over two
// sources (input and hidden state; or gradients of gates) against one packed panel of weights.
//
//   sum[row][v] = start[row][v] + Σ_k first[row][k]·w[k][v] + Σ_k second[row][k]·w'[k][v]
//
// v counts the vectors of a panel: the gates of one block of RK_LANES units, or up to four blocks of units.

enum {
  MAX_VECTORS = 4,
  MAX_ROWS = 8,
};

/// Rows of a tile of `vectors` vectors: as many sums as the registers hold.
#define RK_ROWS(vectors) (RK_SUMS / (vectors) < MAX_ROWS ? RK_SUMS / (vectors) : MAX_ROWS)

typedef struct {
  const float *const *first;   // [rows] the rows of the first source
  const float *const *second;  // [rows] of the second
  int64_t first_depth, second_depth;
  const float *start;          // MAX_VECTORS vectors a row, `start_step` floats from row to row
  int64_t start_step;
  rk_weight_format format;
  const float *scales;         // RK_INT8: a panel's vectors for the first source, then for the second
  const float *weights;        // for each k of the first source, then of the second: a panel's vectors
  vf *sum;                     // [rows][MAX_VECTORS]
} sequence_tile;

typedef uint16_t vector_of_halves __attribute__((vector_size(RK_LANES * 2)));
typedef int8_t vector_of_bytes __attribute__((vector_size(RK_LANES)));

/// Floats of memory that a vector of weights takes.
RK_INLINE int64_t weight_vector(rk_weight_format format) {
  return format == RK_FLOAT32 ? RK_LANES : format == RK_BFLOAT16 ? RK_LANES / 2 : RK_LANES / 4;
}

/// The same of all weights of one of a panel's vectors, with its scales.
RK_INLINE int64_t weight_column(rk_weight_format format, int64_t depth) {
  return (format == RK_INT8 ? 2 * RK_LANES : 0) + depth * weight_vector(format);
}

/// Vector v of a panel's weights as float32, exactly.
RK_INLINE vf widened(const rk_weight_format format, const float *w, const float *scales, int v) {
  w += v * weight_vector(format);
  if (format == RK_BFLOAT16) {
    vector_of_halves upper;
    __builtin_memcpy(&upper, w, sizeof upper);
    return (vf)(__builtin_convertvector(upper, vi) << 16);
  }
  if (format == RK_INT8) {
    vector_of_bytes q;
    __builtin_memcpy(&q, w, sizeof q);
    return __builtin_convertvector(__builtin_convertvector(q, vi), vf) * vf_load(scales + v * RK_LANES);
  }
  return vf_load(w);
}

/// One k: `value_of_row` is what row r has there.
#define RK_SUM_STEP(value_of_row)                                                         \
  do {                                                                                    \
    vf value[MAX_ROWS];                                                                   \
    RK_UNROLL                                                                             \
    for (int r = 0; r < rows; r++) value[r] = vf_all(value_of_row);                       \
    RK_UNROLL                                                                             \
    for (int v = 0; v < vectors; v++) {                                                   \
      const int slot = v == 2 ? third : v;                                                \
      vf weight = widened(format, w, scales, v);                                          \
      RK_UNROLL                                                                           \
      for (int r = 0; r < rows; r++) sum[r][slot] = vf_fma(value[r], weight, sum[r][slot]); \
    }                                                                                     \
    w += vectors * weight_vector(format);                                                 \
  } while (0)

/// One source. With `split` (GRU, reset after) the three weights of k meet the sums 0, 1 and `third`.
RK_INLINE const float *sum_source(
  vf (*sum)[MAX_VECTORS], const int rows, const int vectors, const int third, const rk_weight_format format,
  const float *const *source, int64_t depth, const float *scales, const float *w) {
  const float *x[MAX_ROWS];
  RK_UNROLL
  for (int r = 0; r < rows; r++) x[r] = source[r];
  int64_t k = 0;
#if RK_LANE_OPERANDS
  for (; k + RK_LANES <= depth; k += RK_LANES) {
    vf values[MAX_ROWS];
    RK_UNROLL
    for (int r = 0; r < rows; r++) values[r] = vf_load(x[r] + k);
    RK_UNROLL
    for (int lane = 0; lane < RK_LANES; lane++) RK_SUM_STEP(values[r][lane]);
  }
#endif
  for (; k < depth; k++) RK_SUM_STEP(x[r][k]);
  return w;
}

#undef RK_SUM_STEP

RK_INLINE void sum_tile_of(
  const int rows, const int vectors, const bool split, const rk_weight_format format, const sequence_tile *t) {
  const int sums = split ? 4 : vectors;
  vf sum[MAX_ROWS][MAX_VECTORS];
  RK_UNROLL
  for (int r = 0; r < rows; r++)
    RK_UNROLL
    for (int v = 0; v < sums; v++) sum[r][v] = vf_load(t->start + r * t->start_step + v * RK_LANES);
  const float *s = t->scales, *w = t->weights, *second = format == RK_INT8 ? s + vectors * RK_LANES : s;
  w = sum_source(sum, rows, vectors, 2, format, t->first, t->first_depth, s, w);
  if (t->second_depth > 0)
    sum_source(sum, rows, vectors, split ? 3 : 2, format, t->second, t->second_depth, second, w);
  RK_UNROLL
  for (int r = 0; r < rows; r++)
    RK_UNROLL
    for (int v = 0; v < sums; v++) t->sum[r * MAX_VECTORS + v] = sum[r][v];
}

#define RK_SUM_TILE(name, vectors, sums, split, format)                              \
  static void name(int rows, const sequence_tile *t) {                               \
    switch (rows) {                                                                  \
    case 1: sum_tile_of(1, vectors, split, format, t); break;                        \
    case 2: if (RK_ROWS(sums) >= 2) sum_tile_of(2, vectors, split, format, t); break; \
    case 3: if (RK_ROWS(sums) >= 3) sum_tile_of(3, vectors, split, format, t); break; \
    case 4: if (RK_ROWS(sums) >= 4) sum_tile_of(4, vectors, split, format, t); break; \
    case 5: if (RK_ROWS(sums) >= 5) sum_tile_of(5, vectors, split, format, t); break; \
    case 6: if (RK_ROWS(sums) >= 6) sum_tile_of(6, vectors, split, format, t); break; \
    case 7: if (RK_ROWS(sums) >= 7) sum_tile_of(7, vectors, split, format, t); break; \
    case 8: if (RK_ROWS(sums) >= 8) sum_tile_of(8, vectors, split, format, t); break; \
    }                                                                                \
  }

/// The tiles of one format. Where they split, their three vectors meet four sums.
#define RK_SUM_TILES(name, format)                                                   \
  RK_SUM_TILE(name##_1, 1, 1, false, format)                                         \
  RK_SUM_TILE(name##_2, 2, 2, false, format)                                         \
  RK_SUM_TILE(name##_3, 3, 3, false, format)                                         \
  RK_SUM_TILE(name##_4, 4, 4, false, format)                                         \
  RK_SUM_TILE(name##_split, 3, 4, true, format)                                      \
  static void name(int rows, int vectors, bool split, const sequence_tile *t) {      \
    switch (vectors) {                                                               \
    case 1: name##_1(rows, t); break;                                                \
    case 2: name##_2(rows, t); break;                                                \
    case 3: (split ? name##_split : name##_3)(rows, t); break;                       \
    default: name##_4(rows, t); break;                                               \
    }                                                                                \
  }

RK_SUM_TILES(sum_tile_float32, RK_FLOAT32)
RK_SUM_TILES(sum_tile_bfloat16, RK_BFLOAT16)
RK_SUM_TILES(sum_tile_int8, RK_INT8)

static void sum_tile(int rows, int vectors, bool split, const sequence_tile *t) {
  switch (t->format) {
  case RK_FLOAT32: sum_tile_float32(rows, vectors, split, t); break;
  case RK_BFLOAT16: sum_tile_bfloat16(rows, vectors, split, t); break;
  case RK_INT8: sum_tile_int8(rows, vectors, split, t); break;
  }
}

/// The tiles of `rows` rows, at most `most` each, as even as they come: tile i starts at row tile_start(i).
typedef struct {
  int32_t rows, count;
} tiling;

RK_INLINE tiling tiling_of(int32_t rows, int32_t most) {
  return (tiling){rows, (rows + most - 1) / most};
}

RK_INLINE int32_t tile_start(tiling t, int32_t i) {
  return (int32_t)((int64_t)t.rows * i / t.count);
}

// MARK: The rows of a part

/// Rows of one length are dealt to the parts in one hand each, so that parts hardly ever write to the same cache line.
/// Rows of several lengths, longest first, are dealt in hands of about four, so that each part gets its share of every
/// length.
static int32_t deal_rows(const rk_sequence_layout *l, int32_t part, int32_t parts, int32_t *dealt) {
  const int32_t rows = l->rows;
  const bool even = rows > 0 && l->length[0] == l->length[rows - 1];
  int32_t count = 0;
  int64_t hands = even ? parts : (int64_t)parts * ((rows + 4 * (int64_t)parts - 1) / (4 * (int64_t)parts));
  for (int64_t hand = part; hand < hands; hand += parts)
    for (int64_t j = hand * rows / hands; j < (hand + 1) * rows / hands; j++) dealt[count++] = (int32_t)j;
  return count;
}

/// The packed row of sorted row j at step s, counted from the step `first`.
RK_INLINE int64_t packed_row(const rk_sequence_layout *l, int32_t j, int32_t s, int32_t first) {
  return l->offset[s] - l->offset[first] + j;
}

/// Where sorted row j stands at step s.
RK_INLINE int64_t place_of(const rk_sequence_layout *l, int32_t j, int32_t s) {
  return l->place[l->offset[s] + j];
}

// MARK: The units of a part

/// Behind it stands what all parts did before it. Waits awake, since the others are microseconds away.
static void meet(rk_meeting *meeting, int32_t parts) {
  const int32_t round = __atomic_load_n(&meeting->round, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&meeting->arrived, 1, __ATOMIC_ACQ_REL) == parts) {
    __atomic_store_n(&meeting->arrived, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&meeting->round, round + 1, __ATOMIC_RELEASE);
    return;
  }
  for (int turns = 0; __atomic_load_n(&meeting->round, __ATOMIC_ACQUIRE) == round; turns++) {
    if (turns < 4000) rk_pause();
    else if (turns < 4200) sched_yield();  // another one has no processor
    else nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);  // nor does it get one from who yields
  }
}

/// Which panels, each of up to MAX_VECTORS blocks of units, a part computes.
typedef struct {
  int32_t part, parts;
} unit_share;

RK_INLINE int32_t share_start(unit_share share, int32_t count) {
  return (int32_t)((int64_t)count * share.part / share.parts);
}

RK_INLINE int32_t share_end(unit_share share, int32_t count) {
  return (int32_t)((int64_t)count * (share.part + 1) / share.parts);
}

RK_INLINE int32_t panels_of(int32_t width) { return (width + MAX_VECTORS * RK_LANES - 1) / (MAX_VECTORS * RK_LANES); }

// MARK: Workspace

/// Takes `bytes` off the front of a workspace, in whole cache lines.
RK_INLINE void *take(char **workspace, int64_t bytes) {
  void *p = *workspace;
  *workspace += round_up(bytes, 64);
  return p;
}

/// The same in floats, for the sizes.
RK_INLINE int64_t taken(int64_t bytes) { return round_up(bytes, 64) / 4; }
