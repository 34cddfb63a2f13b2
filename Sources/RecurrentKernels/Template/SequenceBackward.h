// The backward pass of a layer: the forward pass in reverse. A step turns the gradient of h' into the gradients of the
// gates' sums (CellBackward.h), then those into the gradient of h, by the transposed weights. Read beside
// SequenceForward.h.

// MARK: One step

typedef void (*backward_undo)(const backward_part *, int32_t i, int32_t unit, int32_t count);

RK_INLINE void undo_rows(
  const backward_part *part, int32_t rows, int32_t width, backward_undo undo) {
  const backward_part copy = *part, *p = &copy;  // which no store can change
  const int32_t panels = panels_of(width);
  const int32_t first = share_start(p->units, panels) * MAX_VECTORS * RK_LANES;
  const int32_t end = (int32_t)smaller(share_end(p->units, panels) * MAX_VECTORS * RK_LANES, width);
  for (int32_t i = 0; i < rows; i++) {
    int32_t unit = first;
    for (; unit + RK_LANES <= end; unit += RK_LANES) undo(p, i, unit, RK_LANES);
    if (unit < end) undo(p, i, unit, end - unit);
  }
}

/// `width` sums over gradients of gates (`first`) and of n's recurrent part (`second`), times transposed weights.
/// Returns the weights behind them.
RK_INLINE const float *multiply_gates(
  const backward_part *p, int32_t rows, int32_t width, const float *weights, step_sources from,
  backward_start start, backward_finish finish) {
  const int32_t blocks = blocks_of(width), panels = panels_of(width);
  const int64_t depth = from.first_depth + from.second_depth;
  vf sum[MAX_ROWS * MAX_VECTORS];
  if (p->pass->meeting) meet(p->pass->meeting, p->units.parts);  // the sources are whole
  for (int32_t panel = share_start(p->units, panels); panel < share_end(p->units, panels); panel++) {
    const int32_t block = panel * MAX_VECTORS;
    const int vectors = (int)smaller(blocks - block, MAX_VECTORS);
    const tiling tiles = tiling_of(rows, RK_ROWS(vectors));
    for (int32_t t = 0; t < tiles.count; t++) {
      const int32_t begin = tile_start(tiles, t), end = tile_start(tiles, t + 1);
      const sequence_tile tile = {
        .first = from.first + begin, .first_depth = from.first_depth,
        .second = from.second + begin, .second_depth = from.second_depth,
        .start = (const float *)sum, .start_step = MAX_VECTORS * RK_LANES,
        .weights = weights + block * depth * RK_LANES, .sum = sum};
      for (int32_t i = begin; i < end; i++)
        for (int v = 0; v < vectors; v++) {
          const int32_t unit = (block + v) * RK_LANES;
          const int32_t count = (int32_t)smaller(width - unit, RK_LANES);
          start(p, i, unit, count, &sum[(i - begin) * MAX_VECTORS + v]);
        }
      sum_tile(end - begin, vectors, false, &tile);
      for (int32_t i = begin; i < end; i++)
        for (int v = 0; v < vectors; v++) {
          const int32_t unit = (block + v) * RK_LANES;
          const int32_t count = (int32_t)smaller(width - unit, RK_LANES);
          finish(p, i, unit, count, &sum[(i - begin) * MAX_VECTORS + v]);
        }
    }
  }
  return weights + blocks * depth * RK_LANES;
}

/// The gradient of h: onto the sum of it so far (`onto`), or alone.
RK_INLINE void multiply_to_dh(
  const backward_part *p, int32_t rows, const float *weights, step_sources from, bool onto) {
  const int32_t width = p->pass->recurrent_size;
  if (p->mask) multiply_gates(p, rows, width, weights, from, start_at_zero, finish_masked_dh);
  else if (onto) multiply_gates(p, rows, width, weights, from, start_at_dh, finish_dh);
  else multiply_gates(p, rows, width, weights, from, start_at_zero, finish_dh);
}

static void step_backward(const backward_part *p, int32_t rows) {
  const rk_sequence_backward *pass = p->pass;
  const float *w = pass->packed_weights;
  const int32_t units = pass->hidden_size, size = pass->recurrent_size;
  const int64_t hidden = units;
  const bool plain = !p->options;
  const float *const *gates = (const float *const *)p->gates;
  const step_sources all = {gates, gates, rk_cell_gates(pass->cell) * hidden, 0};
  if (pass->projects) {
    const float *const *d = (const float *const *)p->dprojected;
    const int64_t gate_weights = (int64_t)blocks_of(size) * RK_LANES * all.first_depth;
    undo_rows(p, rows, size, undo_projected);
    multiply_gates(
      p, rows, units, w + gate_weights, (step_sources){d, d, size, 0}, start_at_zero, finish_draw);
  }
  switch (pass->cell) {
  case RK_CELL_LSTM:
    if (plain) undo_rows(p, rows, units, undo_lstm);
    else undo_rows(p, rows, units, undo_full_lstm_with_options);
    multiply_to_dh(p, rows, w, all, !plain);
    break;
  case RK_CELL_LSTM_COUPLED:
    undo_rows(p, rows, units, undo_coupled_lstm);
    multiply_to_dh(p, rows, w, all, true);
    break;
  case RK_CELL_GRU_RESET_AFTER: {
    const step_sources from = {gates, (const float *const *)p->extra, 2 * hidden, hidden};
    if (plain) undo_rows(p, rows, units, undo_gru_reset_after);
    else undo_rows(p, rows, units, undo_gru_reset_after_with_options);
    multiply_to_dh(p, rows, w, from, true);
    break;
  }
  case RK_CELL_GRU_RESET_BEFORE: {
    const float *const *n = (const float *const *)p->n;
    const step_sources candidate = {n, n, hidden, 0}, both = {gates, gates, 2 * hidden, 0};
    if (plain) {
      undo_rows(p, rows, units, undo_gru_reset_before);
      w = multiply_gates(p, rows, size, w, candidate, start_at_zero, finish_reset);
    } else {
      undo_rows(p, rows, units, undo_gru_reset_before_with_options);
      w = multiply_gates(p, rows, size, w, candidate, start_at_zero, finish_reset_with_options);
    }
    multiply_to_dh(p, rows, w, both, true);
    break;
  }
  case RK_CELL_RNN_TANH:
  case RK_CELL_RNN_RELU:
    if (!plain) undo_rows(p, rows, units, undo_rnn_with_options);
    else if (pass->cell == RK_CELL_RNN_TANH) undo_rows(p, rows, units, undo_rnn_tanh);
    else undo_rows(p, rows, units, undo_rnn_relu);
    multiply_to_dh(p, rows, w, all, !plain);
    break;
  }
}

// MARK: All steps

/// Points the first `rows` rows of the part at step s.
static void stand_back_at(backward_part *p, int32_t rows, int32_t s) {
  const rk_sequence_backward *pass = p->pass;
  const rk_sequence_layout *layout = pass->layout;
  const int64_t hidden = pass->hidden_size, size = pass->recurrent_size;
  const int64_t gates = rk_cell_gates(pass->cell);
  for (int32_t i = 0; i < rows; i++) {
    const int32_t j = p->row[i];
    const int64_t batch_row = layout->batch_row[j], place = place_of(layout, j, s);
    const int64_t before = s > 0 ? place_of(layout, j, s - 1) : 0;
    const int64_t kept = packed_row(layout, j, s, pass->first_step);
    const int64_t packed = packed_row(layout, j, s, 0);
    p->out[i] = pass->out + place * pass->out_stride;
    p->h[i] = s > 0 ? pass->out + before * pass->out_stride : pass->h + batch_row * size;
    if (pass->masked) p->source[i] = pass->masked + kept * size;
    if (pass->out_gradient) {
      p->dout[i] = pass->out_gradient + place * pass->out_gradient_stride;
      if (s > 0) fetch_row(pass->out_gradient + before * pass->out_gradient_stride, size);
    }
    p->dh[i] = pass->h_gradient + batch_row * size;
    p->gates[i] = pass->gates + kept * gates * hidden;
    p->n[i] = p->gates[i] + (gates - 1) * hidden;
    if (pass->extra) p->extra[i] = pass->extra + kept * hidden;
    if (pass->c_gradient) {
      p->dc[i] = pass->c_gradient + batch_row * hidden;
      p->c[i] = s > pass->first_step
        ? pass->extra + packed_row(layout, j, s - 1, pass->first_step) * hidden
        : pass->c + batch_row * hidden;
    }
    if (p->mask) p->mask[i] = p->options->recurrent_mask + batch_row * size;
    if (p->zoneout) p->zoneout[i] = p->options->zoneout_mask + packed * size;
    if (p->cell_zoneout) p->cell_zoneout[i] = p->options->cell_zoneout_mask + packed * hidden;
    if (p->dprojected) p->dprojected[i] = pass->projected_gradient + kept * size;
    if (p->dpeepholes) p->dpeepholes[i] = pass->peephole_gradient + batch_row * 3 * hidden;
  }
}

static void run_backward(
  const rk_sequence_backward *pass, int32_t part, int32_t parts, float *workspace) {
  const rk_sequence_layout *layout = pass->layout;
  const rk_cell_options *options = pass->options;
  const int64_t pointers = layout->rows * (int64_t)sizeof(float *);
  char *space = (char *)aligned(workspace);
  backward_part p = {
    .pass = pass, .options = options, .hidden_size = pass->hidden_size,
    .units = pass->meeting ? (unit_share){part, parts} : (unit_share){0, 1}};
  p.row = take(&space, layout->rows * 4);
  p.out = take(&space, pointers);
  p.h = take(&space, pointers);
  p.source = pass->masked ? take(&space, pointers) : p.h;
  p.c = take(&space, pointers);
  if (pass->out_gradient) p.dout = take(&space, pointers);
  p.dh = take(&space, pointers);
  p.dc = take(&space, pointers);
  p.gates = take(&space, pointers);
  p.extra = take(&space, pointers);
  p.n = take(&space, pointers);
  if (options && options->recurrent_mask) p.mask = take(&space, pointers);
  if (options && options->zoneout_mask) p.zoneout = take(&space, pointers);
  if (options && options->cell_zoneout_mask) p.cell_zoneout = take(&space, pointers);
  if (options && options->peepholes) p.dpeepholes = take(&space, pointers);
  if (pass->projects) {
    p.dprojected = take(&space, pointers);
    p.draw = take(&space, pointers);
    for (int32_t i = 0; i < layout->rows; i++) p.draw[i] = (float *)space + (int64_t)i * pass->hidden_size;
  }

  const int32_t dealt = pass->meeting ? deal_rows(layout, 0, 1, p.row) : deal_rows(layout, part, parts, p.row);
  int32_t rows = 0;
  for (int32_t s = pass->end_step - 1; s >= pass->first_step; s--) {
    while (rows < dealt && p.row[rows] < layout->active[s]) rows++;
    if (rows == 0) continue;
    stand_back_at(&p, rows, s);
    step_backward(&p, rows);
  }
}
