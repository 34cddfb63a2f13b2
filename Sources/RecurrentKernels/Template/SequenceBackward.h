// The backward pass of a layer: the forward pass in reverse. A step turns the gradient of h' into the gradients
// of the gates' sums, then those into the gradient of h, by the transposed weights. Read beside
// SequenceForward.h; `d` before a name is the gradient with respect to it.

/// The rows of one part, longest first, and where they stand at this step.
typedef struct {
  const rk_sequence_backward *pass;
  int64_t hidden_size;
  int32_t *row;                  // the sorted row
  const float **out, **h, **c;   // h' of this step; h and c before it
  const float **dout;            // gradient of this step's output, or null
  float **dh, **dc;              // gradients carried from step to step
  float **gates, **extra;
  float **n;                     // n among the gates (GRU)
} backward_part;

enum { BACKWARD_POINTERS = 9 };

static int64_t backward_workspace(
  rk_cell cell, int32_t rows, int32_t input_size, int32_t hidden_size) {
  (void)cell, (void)input_size, (void)hidden_size;
  return 16 + taken(rows * 4) + BACKWARD_POINTERS * taken(rows * (int64_t)sizeof(float *));
}

#define AT(array) (p->array[i] + unit)
#define GATE(g) (p->gates[i] + (g) * p->hidden_size + unit)

/// The gradient of h': what later steps sent back, and what this step's output received.
RK_INLINE vf gradient_of_output(const backward_part *p, int32_t i, int32_t unit, int32_t count) {
  vf dh = vf_load_part(AT(dh), count);
  return p->dout ? dh + vf_load_part(AT(dout), count) : dh;
}

/// Derivatives by the result y: of σ, y·(1 - y); of tanh, 1 - y².
RK_INLINE vf sigmoid_slope(vf y) { return y * (1.0f - y); }
RK_INLINE vf tanh_slope(vf y) { return vf_fma(-y, y, vf_all(1)); }

// h' = o·tanh(c')      do = dh'·tanh(c'), dc' += dh'·o·(1 - tanh²(c'))
// c' = f·c + i·g       di = dc'·g, df = dc'·c, dg = dc'·i, dc = dc'·f
// each gate's d times its slope
RK_INLINE void undo_lstm(const backward_part *p, int32_t i, int32_t unit, int32_t count) {
  vf in = vf_load_part(GATE(0), count), forget = vf_load_part(GATE(1), count);
  vf g = vf_load_part(GATE(2), count), o = vf_load_part(GATE(3), count);
  vf tanh_c = vf_tanh(vf_load_part(AT(extra), count));
  vf dh = gradient_of_output(p, i, unit, count);
  vf dc = vf_fma(dh * o, tanh_slope(tanh_c), vf_load_part(AT(dc), count));
  vf_store_part(GATE(0), dc * g * sigmoid_slope(in), count);
  vf_store_part(GATE(1), dc * vf_load_part(AT(c), count) * sigmoid_slope(forget), count);
  vf_store_part(GATE(2), dc * in * tanh_slope(g), count);
  vf_store_part(GATE(3), dh * tanh_c * sigmoid_slope(o), count);
  vf_store_part(AT(dc), dc * forget, count);
}

// h' = (1 - z)·n + z·h           dz = dh'·(h - n), dn = dh'·(1 - z), dh = dh'·z so far
// n = tanh(sum 2 + r·sum 3)      d sum 2 = dn·(1 - n²), d sum 3 = d sum 2·r, dr = d sum 2·sum 3
RK_INLINE void undo_gru_reset_after(const backward_part *p, int32_t i, int32_t unit, int32_t count) {
  vf r = vf_load_part(GATE(0), count), z = vf_load_part(GATE(1), count);
  vf n = vf_load_part(GATE(2), count), sum3 = vf_load_part(AT(extra), count);
  vf dh = gradient_of_output(p, i, unit, count);
  vf dsum2 = dh * (1.0f - z) * tanh_slope(n);
  vf_store_part(GATE(0), dsum2 * sum3 * sigmoid_slope(r), count);
  vf_store_part(GATE(1), dh * (vf_load_part(AT(h), count) - n) * sigmoid_slope(z), count);
  vf_store_part(GATE(2), dsum2, count);
  vf_store_part(AT(extra), dsum2 * r, count);
  vf_store_part(AT(dh), dh * z, count);
}

// h' = (1 - z)·n + z·h           dz = dh'·(h - n), dn = dh'·(1 - z), dh = dh'·z so far
// n = tanh(sum)                  d sum = dn·(1 - n²)
RK_INLINE void undo_gru_reset_before(const backward_part *p, int32_t i, int32_t unit, int32_t count) {
  vf z = vf_load_part(GATE(1), count), n = vf_load_part(GATE(2), count);
  vf dh = gradient_of_output(p, i, unit, count);
  vf_store_part(GATE(1), dh * (vf_load_part(AT(h), count) - n) * sigmoid_slope(z), count);
  vf_store_part(GATE(2), dh * (1.0f - z) * tanh_slope(n), count);
  vf_store_part(AT(dh), dh * z, count);
}

// h' = tanh(sum)                 d sum = dh'·(1 - h'²)
RK_INLINE void undo_rnn_tanh(const backward_part *p, int32_t i, int32_t unit, int32_t count) {
  vf h = vf_load_part(AT(out), count);
  vf_store_part(GATE(0), gradient_of_output(p, i, unit, count) * tanh_slope(h), count);
}

// h' = max(0, sum)               d sum = dh' where h' > 0, else 0
RK_INLINE void undo_rnn_relu(const backward_part *p, int32_t i, int32_t unit, int32_t count) {
  vi positive = vf_load_part(AT(out), count) > 0.0f;
  vf dh = gradient_of_output(p, i, unit, count);
  vf_store_part(GATE(0), vf_select(positive, dh, vf_all(0)), count);
}

/// Where a product's sums start, and what becomes of them.
typedef void (*backward_start)(
  const backward_part *, int32_t i, int32_t unit, int32_t count, vf *sum);
typedef backward_start backward_finish;

RK_INLINE void start_at_zero(const backward_part *p, int32_t i, int32_t unit, int32_t count, vf *sum) {
  (void)p, (void)i, (void)unit, (void)count;
  *sum = vf_all(0);
}

RK_INLINE void start_at_dh(const backward_part *p, int32_t i, int32_t unit, int32_t count, vf *sum) {
  *sum = vf_load_part(AT(dh), count);
}

RK_INLINE void finish_dh(const backward_part *p, int32_t i, int32_t unit, int32_t count, vf *sum) {
  vf_store_part(AT(dh), *sum, count);
}

// sum = d(r·h)                   dr = d(r·h)·h, dh += d(r·h)·r
RK_INLINE void finish_reset(const backward_part *p, int32_t i, int32_t unit, int32_t count, vf *sum) {
  vf r = vf_load_part(GATE(0), count), dh = vf_load_part(AT(dh), count);
  vf_store_part(AT(dh), vf_fma(*sum, r, dh), count);
  vf_store_part(GATE(0), *sum * vf_load_part(AT(h), count) * sigmoid_slope(r), count);
}

#undef AT
#undef GATE

// MARK: One step

typedef void (*backward_undo)(const backward_part *, int32_t i, int32_t unit, int32_t count);

RK_INLINE void undo_rows(const backward_part *part, int32_t rows, backward_undo undo) {
  const backward_part copy = *part, *p = &copy;  // which no store can change
  const int32_t hidden = (int32_t)p->hidden_size;
  for (int32_t i = 0; i < rows; i++) {
    int32_t unit = 0;
    for (; unit + RK_LANES <= hidden; unit += RK_LANES) undo(p, i, unit, RK_LANES);
    if (unit < hidden) undo(p, i, unit, hidden - unit);
  }
}

/// Sums over gradients of gates (`first`) and of n's recurrent part (`second`), times transposed weights.
RK_INLINE void multiply_gates(
  const backward_part *p, int32_t rows, const float *weights, float *const *first,
  int64_t first_depth, float *const *second, int64_t second_depth, backward_start start,
  backward_finish finish) {
  const int32_t hidden = p->pass->hidden_size, blocks = blocks_of(hidden);
  vf sum[MAX_ROWS * MAX_VECTORS];
  for (int32_t block = 0; block < blocks; block += MAX_VECTORS) {
    const int vectors = (int)smaller(blocks - block, MAX_VECTORS);
    const tiling tiles = tiling_of(rows, RK_ROWS(vectors));
    for (int32_t t = 0; t < tiles.count; t++) {
      const int32_t begin = tile_start(tiles, t), end = tile_start(tiles, t + 1);
      const sequence_tile tile = {
        .first = (const float *const *)first + begin, .first_depth = first_depth,
        .second = (const float *const *)second + begin, .second_depth = second_depth,
        .start = (const float *)sum, .start_step = MAX_VECTORS * RK_LANES,
        .weights = weights, .sum = sum};
      for (int32_t i = begin; i < end; i++)
        for (int v = 0; v < vectors; v++) {
          const int32_t unit = (block + v) * RK_LANES;
          const int32_t count = (int32_t)smaller(hidden - unit, RK_LANES);
          start(p, i, unit, count, &sum[(i - begin) * MAX_VECTORS + v]);
        }
      sum_tile(end - begin, vectors, &tile);
      for (int32_t i = begin; i < end; i++)
        for (int v = 0; v < vectors; v++) {
          const int32_t unit = (block + v) * RK_LANES;
          const int32_t count = (int32_t)smaller(hidden - unit, RK_LANES);
          finish(p, i, unit, count, &sum[(i - begin) * MAX_VECTORS + v]);
        }
    }
    weights += (first_depth + second_depth) * vectors * RK_LANES;
  }
}

static void step_backward(const backward_part *p, int32_t rows) {
  const rk_sequence_backward *pass = p->pass;
  const float *w = pass->packed_weights;
  const int64_t hidden = pass->hidden_size;
  switch (pass->cell) {
  case RK_CELL_LSTM:
    undo_rows(p, rows, undo_lstm);
    multiply_gates(p, rows, w, p->gates, 4 * hidden, p->gates, 0, start_at_zero, finish_dh);
    break;
  case RK_CELL_GRU_RESET_AFTER:
    undo_rows(p, rows, undo_gru_reset_after);
    multiply_gates(p, rows, w, p->gates, 2 * hidden, p->extra, hidden, start_at_dh, finish_dh);
    break;
  case RK_CELL_GRU_RESET_BEFORE: {
    const int64_t n_weights = (int64_t)blocks_of(pass->hidden_size) * RK_LANES * hidden;
    undo_rows(p, rows, undo_gru_reset_before);
    multiply_gates(p, rows, w, p->n, hidden, p->n, 0, start_at_zero, finish_reset);
    w += n_weights;
    multiply_gates(p, rows, w, p->gates, 2 * hidden, p->gates, 0, start_at_dh, finish_dh);
    break;
  }
  case RK_CELL_RNN_TANH:
    undo_rows(p, rows, undo_rnn_tanh);
    multiply_gates(p, rows, w, p->gates, hidden, p->gates, 0, start_at_zero, finish_dh);
    break;
  case RK_CELL_RNN_RELU:
    undo_rows(p, rows, undo_rnn_relu);
    multiply_gates(p, rows, w, p->gates, hidden, p->gates, 0, start_at_zero, finish_dh);
    break;
  }
}

// MARK: All steps

/// Points the first `rows` rows of the part at step s.
static void stand_back_at(backward_part *p, int32_t rows, int32_t s) {
  const rk_sequence_backward *pass = p->pass;
  const rk_sequence_layout *layout = pass->layout;
  const int64_t hidden = pass->hidden_size, gates = rk_cell_gates(pass->cell);
  const bool lstm = pass->cell == RK_CELL_LSTM;
  for (int32_t i = 0; i < rows; i++) {
    const int32_t j = p->row[i];
    const int64_t batch_row = layout->batch_row[j], time = time_of(layout, j, s);
    const int64_t before = layout->reverse ? time + 1 : time - 1;
    const int64_t kept = layout->offset[s] + j;
    const float *out = pass->out + batch_row * pass->out_row_stride;
    p->out[i] = out + time * pass->out_step_stride;
    p->h[i] = s > 0 ? out + before * pass->out_step_stride : pass->h + batch_row * hidden;
    if (pass->out_gradient) {
      const float *dout = pass->out_gradient + batch_row * pass->out_gradient_row_stride;
      p->dout[i] = dout + time * pass->out_gradient_step_stride;
      if (s > 0) fetch_row(dout + before * pass->out_gradient_step_stride, hidden);
    }
    p->dh[i] = pass->h_gradient + batch_row * hidden;
    p->gates[i] = pass->gates + kept * gates * hidden;
    p->n[i] = p->gates[i] + (gates - 1) * hidden;
    if (pass->extra) p->extra[i] = pass->extra + kept * hidden;
    if (lstm) {
      p->dc[i] = pass->c_gradient + batch_row * hidden;
      p->c[i] = s > 0 ? pass->extra + (layout->offset[s - 1] + j) * hidden : pass->c + batch_row * hidden;
    }
  }
}

static void run_backward(
  const rk_sequence_backward *pass, int32_t part, int32_t parts, float *workspace) {
  const rk_sequence_layout *layout = pass->layout;
  const int64_t pointers = layout->rows * (int64_t)sizeof(float *);
  char *space = (char *)aligned(workspace);
  backward_part p = {.pass = pass, .hidden_size = pass->hidden_size};
  p.row = take(&space, layout->rows * 4);
  p.out = take(&space, pointers);
  p.h = take(&space, pointers);
  p.c = take(&space, pointers);
  if (pass->out_gradient) p.dout = take(&space, pointers);
  p.dh = take(&space, pointers);
  p.dc = take(&space, pointers);
  p.gates = take(&space, pointers);
  p.extra = take(&space, pointers);
  p.n = take(&space, pointers);

  const int32_t dealt = deal_rows(layout, part, parts, p.row);
  int32_t rows = 0;
  for (int32_t s = layout->steps - 1; s >= 0; s--) {
    while (rows < dealt && p.row[rows] < layout->active[s]) rows++;
    if (rows == 0) continue;
    stand_back_at(&p, rows, s);
    step_backward(&p, rows);
  }
}
