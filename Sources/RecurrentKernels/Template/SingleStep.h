// One row through one step, for streams: the sums of all units first, as a vector times a matrix whose columns are those
// of all gates side by side, then what the cell does with them (CellForward.h). So few units fill their vectors too, and
// each sum runs over the same terms in the same order as in a batch.

enum {
  /// Vectors of a panel at most: enough sums at once to hide how long a multiply-add takes, and weights few enough that
  /// the last panel of a step is still in the first cache when the next one begins with it.
  ROW_VECTORS = RK_LANES == 16 ? 6 : 8,
};

// A panel: its start vectors, the scales of the first and of the second source (RK_INT8), its vectors for each k of the
// first source, then of the second.

// MARK: Packing

/// Where the numbers of a row matrix stand, from its first column on; what is null counts as 0.
typedef struct {
  int64_t columns, first_depth, second_depth;
  const float *first, *second;  // [depth, …], `stride` floats from row to row
  int64_t stride;
  const float *bias, *second_bias;
  int64_t second_bias_columns;  // of the first columns only
  const float *first_scales, *second_scales;
  rk_weight_format format;
} row_source;

RK_INLINE int64_t row_vectors(const row_source *s) { return (s->columns + RK_LANES - 1) / RK_LANES; }

RK_INLINE int64_t row_vector_size(const row_source *s) {
  return RK_LANES + weight_column(s->format, s->first_depth + s->second_depth);
}

static int64_t row_matrix_size(const row_source *s) { return row_vectors(s) * row_vector_size(s); }

/// The vector at `at` of `columns` columns; zeros behind them, or if there are none.
RK_INLINE vf row_part(const float *row, int64_t columns, int64_t at) {
  return row && at < columns ? vf_load_part(row + at, smaller(columns - at, RK_LANES)) : vf_all(0);
}

static float *pack_row_panel(const row_source *s, int64_t begin, int64_t end, float *packed) {
  const float *const sources[] = {s->first, s->second}, *const scales[] = {s->first_scales, s->second_scales};
  const int64_t depths[] = {s->first_depth, s->second_depth};
  for (int64_t at = begin; at < end; at += RK_LANES, packed += RK_LANES) {
    vf start = row_part(s->bias, s->columns, at);
    if (s->second_bias) start += row_part(s->second_bias, s->second_bias_columns, at);
    vf_store(packed, start);
  }
  for (int source = 0; source < 2 && s->format == RK_INT8; source++)
    for (int64_t at = begin; at < end; at += RK_LANES, packed += RK_LANES)
      vf_store(packed, row_part(scales[source], s->columns, at));
  for (int source = 0; source < 2; source++)
    for (int64_t k = 0; k < depths[source]; k++)
      for (int64_t at = begin; at < end; at += RK_LANES)
        packed = pack_weights(
          s->format, row_part(sources[source] + k * s->stride, s->columns, at),
          row_part(scales[source], s->columns, at), packed);
  return packed;
}

// MARK: The product

RK_INLINE void multiply_panel_row(
  const int vectors, const rk_weight_format format, const rk_row_matrix *m, const float *packed, const float *start,
  const float *first, const float *second, float *y) {
  vf sum[ROW_VECTORS];
  RK_UNROLL
  for (int v = 0; v < vectors; v++) sum[v] = vf_load(start + v * RK_LANES);
  const float *scales = packed + vectors * RK_LANES;
  const float *w = scales + vectors * weight_column(format, 0);
  for (int64_t k = 0; k < m->first_depth; k++, w += vectors * weight_vector(format)) {
    const vf value = vf_all(first[k]);
    RK_UNROLL
    for (int v = 0; v < vectors; v++) sum[v] = vf_fma(value, widened(format, w, scales, v), sum[v]);
  }
  if (format == RK_INT8) scales += vectors * RK_LANES;
  for (int64_t k = 0; k < m->second_depth; k++, w += vectors * weight_vector(format)) {
    const vf value = vf_all(second[k]);
    RK_UNROLL
    for (int v = 0; v < vectors; v++) sum[v] = vf_fma(value, widened(format, w, scales, v), sum[v]);
  }
  RK_UNROLL
  for (int v = 0; v < vectors; v++) vf_store(y + v * RK_LANES, sum[v]);
}

RK_INLINE void multiply_row_of(
  const rk_weight_format format, const rk_row_matrix *m, const float *start, const float *first, const float *second,
  bool backwards, float *y) {
  for (int32_t i = 0; i < m->panels; i++) {
    const int32_t panel = backwards ? m->panels - 1 - i : i;
    const int64_t begin = (int64_t)panel * m->vectors + (panel < m->longer ? panel : m->longer);
    const float *packed = m->packed + begin * m->vector_size;
    const float *from = start ? start + begin * RK_LANES : packed;
    float *to = y + begin * RK_LANES;
    switch (m->vectors + (panel < m->longer)) {
    case 1: multiply_panel_row(1, format, m, packed, from, first, second, to); break;
    case 2: multiply_panel_row(2, format, m, packed, from, first, second, to); break;
    case 3: multiply_panel_row(3, format, m, packed, from, first, second, to); break;
    case 4: multiply_panel_row(4, format, m, packed, from, first, second, to); break;
    case 5: multiply_panel_row(5, format, m, packed, from, first, second, to); break;
    case 6: multiply_panel_row(6, format, m, packed, from, first, second, to); break;
    case 7: if (ROW_VECTORS >= 7) multiply_panel_row(7, format, m, packed, from, first, second, to); break;
    case 8: if (ROW_VECTORS >= 8) multiply_panel_row(8, format, m, packed, from, first, second, to); break;
    }
  }
}

static void multiply_row_float32(
  const rk_row_matrix *m, const float *start, const float *first, const float *second, bool backwards, float *y) {
  multiply_row_of(RK_FLOAT32, m, start, first, second, backwards, y);
}

static void multiply_row_bfloat16(
  const rk_row_matrix *m, const float *start, const float *first, const float *second, bool backwards, float *y) {
  multiply_row_of(RK_BFLOAT16, m, start, first, second, backwards, y);
}

static void multiply_row_int8(
  const rk_row_matrix *m, const float *start, const float *first, const float *second, bool backwards, float *y) {
  multiply_row_of(RK_INT8, m, start, first, second, backwards, y);
}

/// Packs a matrix and tells where it is. Returns what is behind it.
static float *lay_out_row_matrix(const row_source *s, float *packed, rk_row_matrix *m) {
  const int32_t vectors = (int32_t)row_vectors(s), panels = (vectors + ROW_VECTORS - 1) / ROW_VECTORS;
  *m = (rk_row_matrix){
    .first_depth = s->first_depth, .second_depth = s->second_depth, .panels = panels, .vectors = vectors / panels,
    .longer = vectors % panels, .vector_size = row_vector_size(s), .packed = packed,
    .multiply = s->format == RK_FLOAT32    ? multiply_row_float32
                : s->format == RK_BFLOAT16 ? multiply_row_bfloat16
                                           : multiply_row_int8};
  int64_t begin = 0;
  for (int32_t panel = 0; panel < panels; panel++) {
    const int64_t end = begin + (m->vectors + (panel < m->longer)) * RK_LANES;
    packed = pack_row_panel(s, begin, end, packed);
    begin = end;
  }
  return packed;
}

static int64_t row_product_size(int64_t columns, int64_t depth) {
  return row_matrix_size(&(row_source){.columns = columns, .first_depth = depth, .format = RK_FLOAT32});
}

static void lay_out_row_product(
  int64_t columns, int64_t depth, const float *weights, const float *bias, float *packed, rk_row_matrix *m) {
  lay_out_row_matrix(
    &(row_source){
      .columns = columns, .first_depth = depth, .first = weights, .stride = columns, .bias = bias, .format = RK_FLOAT32},
    packed, m);
}

// MARK: What a cell does with its sums

/// Calls `finish` for each block of units with the vectors of the rows of sums.
RK_INLINE void finish_units(
  const forward_part *p, const int gates, const float *const *sums, forward_finish finish) {
  const int64_t hidden = p->hidden_size;
  int64_t unit = 0;
  vf sum[MAX_VECTORS];
  for (; unit + RK_LANES <= hidden; unit += RK_LANES) {
    RK_UNROLL
    for (int g = 0; g < gates; g++) sum[g] = vf_load(sums[g] + unit);
    finish(p, 0, (int32_t)unit, RK_LANES, sum);
  }
  if (unit == hidden) return;
  RK_UNROLL
  for (int g = 0; g < gates; g++) sum[g] = vf_load(sums[g] + unit);
  finish(p, 0, (int32_t)unit, (int32_t)(hidden - unit), sum);
}

/// r·h; z's gate, or n's sum over the input; sums of all gates, filled up to whole vectors, and as much as reading the last
/// unit's vector goes beyond them.
static int64_t step_workspace(int32_t hidden_size) {
  return 3 * round_up(hidden_size, RK_LANES) + 4 * (int64_t)hidden_size + 2 * RK_LANES;
}

RK_INLINE void run_step(
  const rk_cell cell, const rk_step *step, const float *x, float *h, float *c, float *workspace, bool backwards) {
  const int64_t hidden = step->hidden_size, width = round_up(hidden, RK_LANES);
  const rk_row_matrix *all = &step->matrices[0], *second = &step->matrices[1];
  float *extra = workspace, *gates = extra + width, *sums = gates + 2 * width;
  const float *h_row = h;
  const forward_part part = {
    .hidden_size = hidden, .h = &h_row, .out = &h, .c = &c, .extra = &extra, .gates = &gates, .unprojected = &h};
  const float *const rows[] = {sums, sums + hidden, sums + 2 * hidden, sums + 3 * hidden};
  all->multiply(all, NULL, x, h, backwards, sums);
  switch (cell) {
  case RK_CELL_LSTM: finish_units(&part, 4, rows, finish_lstm); break;
  case RK_CELL_GRU_RESET_AFTER: {
    // The sum over h goes on from that over x, but for n, whose two sums stay apart.
    float *n = sums + 2 * hidden;
    for (int64_t i = 0; i < width; i += RK_LANES) {
      const vf sum = vf_load(n + i);
      vf_store(n + i, vf_load(step->recurrent_bias + i));
      vf_store(gates + i, sum);
    }
    second->multiply(second, sums, x, h, backwards, sums);
    finish_units(&part, 4, (const float *const[]){sums, sums + hidden, gates, n}, finish_gru_reset_after);
    break;
  }
  case RK_CELL_GRU_RESET_BEFORE:
    finish_units(&part, 2, rows, finish_gru_reset_before_gates);
    second->multiply(second, NULL, x, extra, backwards, sums);
    finish_units(&part, 1, rows, finish_gru_reset_before);
    break;
  case RK_CELL_RNN_TANH: finish_units(&part, 1, rows, finish_rnn_tanh); break;
  case RK_CELL_RNN_RELU: finish_units(&part, 1, rows, finish_rnn_relu); break;
  case RK_CELL_LSTM_COUPLED: break;  // has no plain formula
  }
}

#define RK_RUN_STEP(name, cell)                                                                               \
  static void name(const rk_step *s, const float *x, float *h, float *c, float *workspace, bool backwards) { \
    run_step(cell, s, x, h, c, workspace, backwards);                                                         \
  }

RK_RUN_STEP(run_lstm_step, RK_CELL_LSTM)
RK_RUN_STEP(run_gru_step_reset_after, RK_CELL_GRU_RESET_AFTER)
RK_RUN_STEP(run_gru_step_reset_before, RK_CELL_GRU_RESET_BEFORE)
RK_RUN_STEP(run_rnn_step_tanh, RK_CELL_RNN_TANH)
RK_RUN_STEP(run_rnn_step_relu, RK_CELL_RNN_RELU)

// MARK: Laying out a cell

/// The gates from `first` on, `count` of them, over both sources.
static row_source gates_source(const rk_cell_weights *w, int64_t first, int64_t count) {
  const int64_t at = first * w->hidden_size;
  return (row_source){
    .columns = count * w->hidden_size, .first_depth = w->input_size, .second_depth = w->hidden_size,
    .first = w->input_weights + at, .second = w->recurrent_weights + at,
    .stride = rk_cell_gates(w->cell) * (int64_t)w->hidden_size, .bias = w->bias ? w->bias + at : NULL,
    .second_bias = w->recurrent_bias ? w->recurrent_bias + at : NULL, .second_bias_columns = count * w->hidden_size,
    .first_scales = w->input_scales ? w->input_scales + at : NULL,
    .second_scales = w->recurrent_scales ? w->recurrent_scales + at : NULL, .format = w->format};
}

/// The row matrices of a cell. Returns how many there are.
///   LSTM, simple RNN   all gates
///   GRU, reset after   all gates, over the input, b' added to b but for n's; then over h
///   GRU, reset before  r z; n, over the input and r·h
static int step_sources_of(const rk_cell_weights *w, row_source *s) {
  switch (w->cell) {
  case RK_CELL_GRU_RESET_AFTER:
    s[0] = s[1] = gates_source(w, 0, 3);
    s[0].second_depth = s[1].first_depth = 0;
    s[0].second_bias_columns = 2 * (int64_t)w->hidden_size;
    return 2;
  case RK_CELL_GRU_RESET_BEFORE:
    s[0] = gates_source(w, 0, 2);
    s[1] = gates_source(w, 2, 1);
    return 2;
  default:
    s[0] = gates_source(w, 0, rk_cell_gates(w->cell));
    return 1;
  }
}

static int64_t step_weights_size(const rk_cell_weights *w) {
  row_source s[2];
  int64_t size = round_up(w->hidden_size, RK_LANES);
  for (int i = step_sources_of(w, s); i > 0; i--) size += row_matrix_size(&s[i - 1]);
  return size;
}

static void lay_out_step(const rk_cell_weights *w, float *packed, rk_step *step) {
  row_source s[2];
  const int count = step_sources_of(w, s);
  *step = (rk_step){.hidden_size = w->hidden_size};
  for (int i = 0; i < count; i++) packed = lay_out_row_matrix(&s[i], packed, &step->matrices[i]);
  step->recurrent_bias = packed;
  RK_EACH_VECTOR(w->hidden_size, {
    vf_store(packed + i, w->recurrent_bias && w->cell == RK_CELL_GRU_RESET_AFTER
      ? vf_load_part(w->recurrent_bias + 2 * (int64_t)w->hidden_size + i, n) : vf_all(0));
  });
  switch (w->cell) {
  case RK_CELL_GRU_RESET_AFTER: step->run = run_gru_step_reset_after; break;
  case RK_CELL_GRU_RESET_BEFORE: step->run = run_gru_step_reset_before; break;
  case RK_CELL_RNN_TANH: step->run = run_rnn_step_tanh; break;
  case RK_CELL_RNN_RELU: step->run = run_rnn_step_relu; break;
  default: step->run = run_lstm_step; break;
  }
}
