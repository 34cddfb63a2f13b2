// The forward pass of a layer. A step of a cell is a product (SequenceTile.h) and what follows it on the sums,
// while they are at hand. Read beside SequenceBackward.h.

/// The rows of one part, longest first, and where they stand at this step.
typedef struct {
  const rk_sequence_forward *pass;
  int64_t hidden_size;
  bool keep;                  // for the backward pass
  int32_t *row;               // the sorted row
  const float **x, **h;       // input, and hidden state before this step
  float **out, **c;           // hidden state after it; cell state, updated in place
  float **gates, **extra;     // what is kept for the backward pass
  float *scratch;             // [rows, 2H] z and r·h, where they are not kept (GRU, reset before)
} forward_part;

enum { FORWARD_POINTERS = 6 };

static int64_t forward_workspace(
  rk_cell cell, int32_t rows, int32_t input_size, int32_t hidden_size) {
  (void)input_size;
  int64_t floats = 16 + taken(rows * 4) + FORWARD_POINTERS * taken(rows * (int64_t)sizeof(float *));
  if (cell == RK_CELL_GRU_RESET_BEFORE) floats += taken((int64_t)rows * 2 * hidden_size * 4);
  return floats;
}

/// h, c and what is kept, of the units from `unit` in the part's row i.
#define AT(array) (p->array[i] + unit)
#define GATE(g) (p->gates[i] + (g) * p->hidden_size + unit)

// i = σ(sum 0), f = σ(sum 1), g = tanh(sum 2), o = σ(sum 3)
// c' = f·c + i·g
// h' = o·tanh(c')
RK_INLINE void finish_lstm(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum) {
  vf in = vf_sigmoid(sum[0]);
  vf forget = vf_sigmoid(sum[1]);
  vf g = vf_tanh(sum[2]);
  vf o = vf_sigmoid(sum[3]);
  vf c = vf_fma(forget, vf_load_part(AT(c), count), in * g);
  vf h = o * vf_tanh(c);
  vf_store_part(AT(c), c, count);
  vf_store_part(AT(out), h, count);
  if (p->keep) {
    vf_store_part(GATE(0), in, count);
    vf_store_part(GATE(1), forget, count);
    vf_store_part(GATE(2), g, count);
    vf_store_part(GATE(3), o, count);
    vf_store_part(AT(extra), c, count);
  }
}

/// h' = (1 - z)·n + z·h
RK_INLINE vf gru_output(vf z, vf n, vf h) { return vf_fma(z, h, (1.0f - z) * n); }

// r = σ(sum 0), z = σ(sum 1)
// n = tanh(sum 2 + r·sum 3), where sum 2 = Wx + b and sum 3 = Uh + b'
// h' = (1 - z)·n + z·h
RK_INLINE void finish_gru_reset_after(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum) {
  vf r = vf_sigmoid(sum[0]);
  vf z = vf_sigmoid(sum[1]);
  vf n = vf_tanh(vf_fma(r, sum[3], sum[2]));
  vf_store_part(AT(out), gru_output(z, n, vf_load_part(AT(h), count)), count);
  if (p->keep) {
    vf_store_part(GATE(0), r, count);
    vf_store_part(GATE(1), z, count);
    vf_store_part(GATE(2), n, count);
    vf_store_part(AT(extra), sum[3], count);
  }
}

// r = σ(sum 0), z = σ(sum 1), both kept; and r·h, the second source of n
RK_INLINE void finish_gru_reset_before_gates(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum) {
  vf r = vf_sigmoid(sum[0]);
  vf_store_part(AT(extra), r * vf_load_part(AT(h), count), count);
  if (p->keep) vf_store_part(GATE(0), r, count);
  vf_store_part(GATE(1), vf_sigmoid(sum[1]), count);
}

// n = tanh(sum)
// h' = (1 - z)·n + z·h
RK_INLINE void finish_gru_reset_before(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum) {
  vf z = vf_load_part(GATE(1), count);
  vf n = vf_tanh(sum[0]);
  vf_store_part(AT(out), gru_output(z, n, vf_load_part(AT(h), count)), count);
  if (p->keep) vf_store_part(GATE(2), n, count);
}

// h' = tanh(sum)
RK_INLINE void finish_rnn_tanh(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum) {
  vf_store_part(AT(out), vf_tanh(sum[0]), count);
}

// h' = max(0, sum)
RK_INLINE void finish_rnn_relu(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum) {
  vf_store_part(AT(out), vf_max(sum[0], vf_all(0)), count);
}

#undef AT
#undef GATE

typedef void (*forward_finish)(
  const forward_part *, int32_t i, int32_t unit, int32_t count, const vf *sum);

/// Finishes the rows `first` ..< `end` of one block of units.
RK_INLINE void finish_rows(
  const forward_part *part, int32_t first, int32_t end, int32_t unit, const vf *sum,
  forward_finish finish) {
  const forward_part copy = *part, *p = &copy;  // which no store can change
  const int32_t left = (int32_t)p->hidden_size - unit;
  if (left >= RK_LANES)
    for (int32_t i = first; i < end; i++, sum += MAX_VECTORS) finish(p, i, unit, RK_LANES, sum);
  else
    for (int32_t i = first; i < end; i++, sum += MAX_VECTORS) finish(p, i, unit, left, sum);
}

// MARK: One step

/// Panels that hold `gates` gates of one block of units.
RK_INLINE void step_gates(
  const forward_part *p, int32_t rows, const float *weights, const int gates, bool split,
  forward_finish finish) {
  const int32_t hidden = p->pass->hidden_size, input = p->pass->input_size;
  const int sums = split ? 4 : gates;
  const tiling tiles = tiling_of(rows, RK_ROWS(sums));
  vf sum[MAX_ROWS * MAX_VECTORS];
  for (int32_t unit = 0; unit < hidden; unit += RK_LANES) {
    const float *w = weights + sums * RK_LANES;
    for (int32_t i = 0; i < tiles.count; i++) {
      const int32_t first = tile_start(tiles, i), end = tile_start(tiles, i + 1);
      const sequence_tile tile = {
        .first = p->x + first, .first_depth = input, .second = p->h + first, .second_depth = hidden,
        .start = weights, .weights = w, .sum = sum};
      if (split) sum_tile_split(end - first, &tile);
      else sum_tile(end - first, gates, &tile);
      finish_rows(p, first, end, unit, sum, finish);
    }
    weights = w + (int64_t)(input + hidden) * gates * RK_LANES;
  }
}

/// Panels that hold one gate of up to MAX_VECTORS blocks of units.
RK_INLINE void step_single_gate(
  const forward_part *p, int32_t rows, const float *weights, const float *const *recurrent,
  forward_finish finish) {
  const int32_t hidden = p->pass->hidden_size, input = p->pass->input_size;
  const int32_t blocks = blocks_of(hidden);
  vf sum[MAX_ROWS * MAX_VECTORS];
  for (int32_t block = 0; block < blocks; block += MAX_VECTORS) {
    const int vectors = (int)smaller(blocks - block, MAX_VECTORS);
    const tiling tiles = tiling_of(rows, RK_ROWS(vectors));
    const float *w = weights + vectors * RK_LANES;
    for (int32_t i = 0; i < tiles.count; i++) {
      const int32_t first = tile_start(tiles, i), end = tile_start(tiles, i + 1);
      const sequence_tile tile = {
        .first = p->x + first, .first_depth = input,
        .second = recurrent + first, .second_depth = hidden,
        .start = weights, .weights = w, .sum = sum};
      sum_tile(end - first, vectors, &tile);
      for (int v = 0; v < vectors; v++)
        finish_rows(p, first, end, (block + v) * RK_LANES, sum + v, finish);
    }
    weights = w + (int64_t)(input + hidden) * vectors * RK_LANES;
  }
}

static void step_forward(const forward_part *p, int32_t rows) {
  const rk_sequence_forward *pass = p->pass;
  const float *w = pass->packed_weights;
  switch (pass->cell) {
  case RK_CELL_LSTM: step_gates(p, rows, w, 4, false, finish_lstm); break;
  case RK_CELL_GRU_RESET_AFTER: step_gates(p, rows, w, 3, true, finish_gru_reset_after); break;
  case RK_CELL_GRU_RESET_BEFORE: {
    const int64_t depth = (int64_t)pass->input_size + pass->hidden_size;
    step_gates(p, rows, w, 2, false, finish_gru_reset_before_gates);
    w += blocks_of(pass->hidden_size) * RK_LANES * 2 * (1 + depth);
    step_single_gate(p, rows, w, (const float *const *)p->extra, finish_gru_reset_before);
    break;
  }
  case RK_CELL_RNN_TANH: step_single_gate(p, rows, w, p->h, finish_rnn_tanh); break;
  case RK_CELL_RNN_RELU: step_single_gate(p, rows, w, p->h, finish_rnn_relu); break;
  }
}

// MARK: All steps

/// Points the first `rows` rows of the part at step s.
static void stand_at(forward_part *p, int32_t rows, int32_t s) {
  const rk_sequence_forward *pass = p->pass;
  const rk_sequence_layout *layout = pass->layout;
  const int64_t hidden = pass->hidden_size, gates = rk_cell_gates(pass->cell);
  const int64_t next = layout->reverse ? -pass->x_step_stride : pass->x_step_stride;
  for (int32_t i = 0; i < rows; i++) {
    const int32_t j = p->row[i];
    const int64_t batch_row = layout->batch_row[j], time = time_of(layout, j, s);
    const int64_t kept = layout->offset[s] + j;
    p->x[i] = pass->x + batch_row * pass->x_row_stride + time * pass->x_step_stride;
    if (s + 1 < layout->length[j]) fetch_row(p->x[i] + next, pass->input_size);
    p->h[i] = s > 0 ? p->out[i] : pass->h + batch_row * hidden;
    p->out[i] = pass->out + batch_row * pass->out_row_stride + time * pass->out_step_stride;
    if (pass->c) p->c[i] = pass->c + batch_row * hidden;
    if (pass->gates) p->gates[i] = pass->gates + kept * gates * hidden;
    if (pass->extra) p->extra[i] = pass->extra + kept * hidden;
    if (p->scratch && !pass->gates) {
      p->extra[i] = p->scratch + 2 * i * hidden;
      p->gates[i] = p->scratch + 2 * i * hidden;  // of the gates, z alone is kept: the second
    }
  }
}

static void run_forward(
  const rk_sequence_forward *pass, int32_t part, int32_t parts, float *workspace) {
  const rk_sequence_layout *layout = pass->layout;
  const int64_t hidden = pass->hidden_size, pointers = layout->rows * (int64_t)sizeof(float *);
  char *space = (char *)aligned(workspace);
  forward_part p = {.pass = pass, .hidden_size = hidden, .keep = pass->gates != NULL};
  p.row = take(&space, layout->rows * 4);
  p.x = take(&space, pointers);
  p.h = take(&space, pointers);
  p.out = take(&space, pointers);
  p.c = take(&space, pointers);
  p.gates = take(&space, pointers);
  p.extra = take(&space, pointers);
  if (pass->cell == RK_CELL_GRU_RESET_BEFORE) p.scratch = (float *)space;

  const int32_t dealt = deal_rows(layout, part, parts, p.row);
  int32_t rows = dealt;
  for (int32_t s = 0; s < layout->steps; s++) {
    while (rows > 0 && p.row[rows - 1] >= layout->active[s]) rows--;
    if (rows == 0) break;
    stand_at(&p, rows, s);
    step_forward(&p, rows);
  }
  // Not before, since a row of length 1 reads the initial state until its only step is done. Each row's
  // `out` still points at its last step.
  for (int32_t i = 0; i < dealt; i++) {
    const int32_t j = p.row[i];
    if (layout->length[j] > 0)
      memcpy(pass->h + layout->batch_row[j] * hidden, p.out[i], (size_t)hidden * sizeof(float));
  }
}
