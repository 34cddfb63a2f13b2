// The forward pass of a layer: the product of a step (SequenceTile.h) and what the cell does with it (CellForward.h),
// for all steps. Read beside SequenceBackward.h.

// MARK: One step

typedef void (*forward_finish)(
  const forward_part *, int32_t i, int32_t unit, int32_t count, const vf *sum);

/// Finishes the rows `first` ..< `end` of one block of units, of `width` in all.
RK_INLINE void finish_rows(
  const forward_part *part, int32_t width, int32_t first, int32_t end, int32_t unit, const vf *sum,
  forward_finish finish) {
  const forward_part copy = *part, *p = &copy;  // which no store can change
  const int32_t left = width - unit;
  if (left >= RK_LANES)
    for (int32_t i = first; i < end; i++, sum += MAX_VECTORS) finish(p, i, unit, RK_LANES, sum);
  else
    for (int32_t i = first; i < end; i++, sum += MAX_VECTORS) finish(p, i, unit, left, sum);
}

/// What is there of the sum of a gate.
RK_INLINE vf start_of(const forward_part *p, int32_t row, int gate, int32_t unit, int32_t left) {
  return vf_load_part(p->start[row] + gate * p->hidden_size + unit, smaller(left, RK_LANES));
}

/// The sums hold the product with the first source already.
RK_INLINE void start_from_sums(sequence_tile *tile, int vectors) {
  tile->start = (const float *)tile->sum;
  tile->start_step = MAX_VECTORS * RK_LANES;
  tile->weights += tile->first_depth * vectors * weight_vector(tile->format);
  tile->first_depth = 0;
}

/// Panels that hold `gates` gates of one block of units. Returns the weights behind them.
RK_INLINE const float *step_gates(
  const forward_part *p, int32_t rows, const float *weights, const int gates, bool split,
  forward_finish finish) {
  const int32_t hidden = p->pass->hidden_size, blocks = blocks_of(hidden);
  const int64_t input = p->pass->input_size, recurrent = p->pass->recurrent_size;
  const int sums = split ? 4 : gates;
  const rk_weight_format format = p->pass->format;
  const int64_t panel = sums * RK_LANES + gates * weight_column(format, input + recurrent);
  const tiling tiles = tiling_of(rows, RK_ROWS(sums));
  vf sum[MAX_ROWS * MAX_VECTORS];
  for (int32_t block = share_start(p->units, blocks); block < share_end(p->units, blocks); block++) {
    const float *starts = weights + block * panel, *scales = starts + sums * RK_LANES;
    const int32_t unit = block * RK_LANES;
    for (int32_t i = 0; i < tiles.count; i++) {
      const int32_t first = tile_start(tiles, i), end = tile_start(tiles, i + 1);
      sequence_tile tile = {
        .first = p->x + first, .first_depth = input,
        .second = p->source + first, .second_depth = recurrent,
        .start = starts, .format = format, .scales = scales,
        .weights = scales + gates * weight_column(format, 0), .sum = sum};
      if (p->start) {
        for (int32_t row = first; row < end; row++) {
          vf *own = sum + (row - first) * MAX_VECTORS;
          for (int v = 0; v < gates; v++) own[v] = start_of(p, row, v, unit, hidden - unit);
          if (split) own[3] = vf_load(starts + 3 * RK_LANES);
        }
        start_from_sums(&tile, gates);
      }
      sum_tile(end - first, gates, split, &tile);
      finish_rows(p, hidden, first, end, unit, sum, finish);
    }
  }
  return weights + blocks * panel;
}

/// The two sources of a product, as in SequenceTile.h.
typedef struct {
  const float *const *first, *const *second;
  int64_t first_depth, second_depth;
} step_sources;

/// Panels of up to MAX_VECTORS blocks of `width` units: one gate, whose sums over the first source may be there
/// already, or what is projected (`gate` is negative).
RK_INLINE void step_blocks(
  const forward_part *p, int32_t rows, const float *weights, int32_t width, int gate,
  step_sources from, forward_finish finish) {
  const int32_t blocks = blocks_of(width), panels = panels_of(width);
  const rk_weight_format format = p->pass->format;
  vf sum[MAX_ROWS * MAX_VECTORS];
  for (int32_t panel = share_start(p->units, panels); panel < share_end(p->units, panels); panel++) {
    const int32_t block = panel * MAX_VECTORS;
    const int vectors = (int)smaller(blocks - block, MAX_VECTORS);
    const tiling tiles = tiling_of(rows, RK_ROWS(vectors));
    const float *starts = weights + block * (RK_LANES + weight_column(format, from.first_depth + from.second_depth));
    const float *scales = starts + vectors * RK_LANES;
    for (int32_t i = 0; i < tiles.count; i++) {
      const int32_t first = tile_start(tiles, i), end = tile_start(tiles, i + 1);
      sequence_tile tile = {
        .first = from.first + first, .first_depth = from.first_depth,
        .second = from.second + first, .second_depth = from.second_depth,
        .start = starts, .format = format, .scales = scales,
        .weights = scales + vectors * weight_column(format, 0), .sum = sum};
      if (p->start && gate >= 0) {
        for (int32_t row = first; row < end; row++)
          for (int v = 0; v < vectors; v++) {
            const int32_t unit = (block + v) * RK_LANES;
            sum[(row - first) * MAX_VECTORS + v] = start_of(p, row, gate, unit, width - unit);
          }
        start_from_sums(&tile, vectors);
      }
      sum_tile(end - first, vectors, false, &tile);
      for (int v = 0; v < vectors; v++)
        finish_rows(p, width, first, end, (block + v) * RK_LANES, sum + v, finish);
    }
  }
}

/// The hidden state under its mask, the source of the recurrent product.
static void mask_rows(const forward_part *p, int32_t rows) {
  for (int32_t row = 0; row < rows; row++) {
    const float *h = p->h[row], *mask = p->mask[row];
    float *masked = p->masked[row];
    RK_EACH_VECTOR(p->pass->recurrent_size, {
      vf_store_part(masked + i, vf_load_part(h + i, n) * vf_load_part(mask + i, n), n);
    });
  }
}

static void step_forward(const forward_part *p, int32_t rows) {
  const rk_sequence_forward *pass = p->pass;
  const float *w = pass->packed_weights;
  const bool plain = !p->options;
  const int64_t input = pass->input_size, recurrent = pass->recurrent_size;
  const step_sources all = {p->x, p->source, input, recurrent};
  if (p->mask) mask_rows(p, rows);
  switch (pass->cell) {
  case RK_CELL_LSTM:
    w = plain ? step_gates(p, rows, w, 4, false, finish_lstm)
              : step_gates(p, rows, w, 4, false, finish_full_lstm_with_options);
    break;
  case RK_CELL_LSTM_COUPLED:
    w = step_gates(p, rows, w, 3, false, finish_coupled_lstm);
    break;
  case RK_CELL_GRU_RESET_AFTER:
    if (plain) step_gates(p, rows, w, 3, true, finish_gru_reset_after);
    else step_gates(p, rows, w, 3, true, finish_gru_reset_after_with_options);
    break;
  case RK_CELL_GRU_RESET_BEFORE: {
    const step_sources reset = {p->x, (const float *const *)p->extra, input, recurrent};
    if (plain) {
      w = step_gates(p, rows, w, 2, false, finish_gru_reset_before_gates);
      if (pass->meeting) meet(pass->meeting, p->units.parts);
      step_blocks(p, rows, w, pass->hidden_size, 2, reset, finish_gru_reset_before);
    } else {
      w = step_gates(p, rows, w, 2, false, finish_gru_reset_before_gates_with_options);
      step_blocks(p, rows, w, pass->hidden_size, 2, reset, finish_gru_reset_before_with_options);
    }
    break;
  }
  case RK_CELL_RNN_TANH:
  case RK_CELL_RNN_RELU:
    if (!plain) step_blocks(p, rows, w, pass->hidden_size, 0, all, finish_rnn_with_options);
    else if (pass->cell == RK_CELL_RNN_TANH) step_blocks(p, rows, w, pass->hidden_size, 0, all, finish_rnn_tanh);
    else step_blocks(p, rows, w, pass->hidden_size, 0, all, finish_rnn_relu);
    break;
  }
  if (pass->projects) {
    const float *const *raw = (const float *const *)p->unprojected;
    const step_sources projected = {raw, raw, pass->hidden_size, 0};
    step_blocks(p, rows, w, pass->recurrent_size, -1, projected, finish_projection);
  }
}

// MARK: All steps

/// Points the first `rows` rows of the part at step s.
static void stand_at(forward_part *p, int32_t rows, int32_t s) {
  const rk_sequence_forward *pass = p->pass;
  const rk_sequence_layout *layout = pass->layout;
  const int64_t hidden = pass->hidden_size, recurrent = pass->recurrent_size;
  const int64_t gates = rk_cell_gates(pass->cell), scratch = scratch_size(pass);
  for (int32_t i = 0; i < rows; i++) {
    const int32_t j = p->row[i];
    const int64_t batch_row = layout->batch_row[j], place = place_of(layout, j, s);
    const int64_t kept = packed_row(layout, j, s, pass->first_step);
    float *own = p->scratch ? p->scratch + i * scratch : NULL;
    p->x[i] = pass->x + place * pass->x_stride;
    if (p->start) p->start[i] = pass->start + (pass->start_row ? pass->start_row[kept] : kept) * gates * hidden;
    else if (s + 1 < layout->length[j])
      fetch_row(pass->x + place_of(layout, j, s + 1) * pass->x_stride, pass->input_size);
    p->h[i] = s > 0 ? pass->out + place_of(layout, j, s - 1) * pass->out_stride
                    : pass->h + batch_row * recurrent;
    if (pass->keeps_out) {
      p->out[i] = own;
      own += recurrent;
    } else {
      p->out[i] = pass->out + place * pass->out_stride;
    }
    if (pass->c) p->c[i] = pass->c + batch_row * hidden;
    if (pass->gates) p->gates[i] = pass->gates + kept * gates * hidden;
    if (pass->extra) p->extra[i] = pass->extra + kept * hidden;
    if (pass->cell == RK_CELL_GRU_RESET_BEFORE && !pass->gates) {
      p->extra[i] = own;
      p->gates[i] = own;  // of the gates, z alone is kept: the second
      own += 2 * hidden;
    }
    if (pass->projects) {
      p->unprojected[i] = pass->unprojected ? pass->unprojected + kept * hidden : own;
      if (!pass->unprojected) own += hidden;
    }
    if (p->mask) {
      p->mask[i] = p->options->recurrent_mask + batch_row * recurrent;
      p->masked[i] = pass->masked ? pass->masked + kept * recurrent : own;
    }
    const int64_t packed = packed_row(layout, j, s, 0);
    if (p->zoneout) p->zoneout[i] = p->options->zoneout_mask + packed * recurrent;
    if (p->cell_zoneout) p->cell_zoneout[i] = p->options->cell_zoneout_mask + packed * hidden;
  }
}

static void run_forward(
  const rk_sequence_forward *pass, int32_t part, int32_t parts, float *workspace) {
  const rk_sequence_layout *layout = pass->layout;
  const rk_cell_options *options = pass->options;
  const int64_t size = pass->recurrent_size, pointers = layout->rows * (int64_t)sizeof(float *);
  char *space = (char *)aligned(workspace);
  forward_part p = {
    .pass = pass, .options = options, .hidden_size = pass->hidden_size,
    .units = pass->meeting ? (unit_share){part, parts} : (unit_share){0, 1}, .keep = pass->gates != NULL};
  p.row = take(&space, layout->rows * 4);
  p.x = take(&space, pointers);
  p.h = take(&space, pointers);
  p.out = take(&space, pointers);
  p.c = take(&space, pointers);
  p.gates = take(&space, pointers);
  p.extra = take(&space, pointers);
  p.unprojected = pass->projects ? take(&space, pointers) : p.out;
  p.source = p.h;
  if (pass->start) p.start = take(&space, pointers);
  if (options && options->recurrent_mask) {
    p.mask = take(&space, pointers);
    p.masked = take(&space, pointers);
    p.source = (const float *const *)p.masked;
  }
  if (options && options->zoneout_mask) p.zoneout = take(&space, pointers);
  if (options && options->cell_zoneout_mask) p.cell_zoneout = take(&space, pointers);
  if (scratch_size(pass) > 0) p.scratch = (float *)space;

  const int32_t dealt = pass->meeting ? deal_rows(layout, 0, 1, p.row) : deal_rows(layout, part, parts, p.row);
  int32_t rows = dealt;
  for (int32_t s = pass->first_step; s < pass->end_step; s++) {
    while (rows > 0 && p.row[rows - 1] >= layout->active[s]) rows--;
    if (rows == 0) break;
    stand_at(&p, rows, s);
    step_forward(&p, rows);
    if (pass->meeting) meet(pass->meeting, parts);
  }
  if (pass->keeps_out || (pass->meeting && part > 0)) return;
  // Not before, since a row of length 1 reads the initial state until its only step is done.
  for (int32_t i = 0; i < dealt; i++) {
    const int32_t j = p.row[i], last = layout->length[j] - 1;
    if (last >= pass->first_step && last < pass->end_step)
      memcpy(pass->h + layout->batch_row[j] * size, pass->out + place_of(layout, j, last) * pass->out_stride,
        (size_t)size * sizeof(float));
  }
}
