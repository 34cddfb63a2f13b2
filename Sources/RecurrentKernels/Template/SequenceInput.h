// The sums of a layer over its input, for many steps before they are run: for a few rows, whose steps would read the
// input's weights anew each time. Read beside SequenceForward.h, which goes on from these sums.

/// Where the sums of a panel's vectors belong in a row of G·H: vector v at at + v·step, of which `left` - v·less
/// floats count.
typedef struct {
  int64_t at, step, left, less;
} input_place;

/// The sums of one panel for all rows of the packed order.
static void multiply_panel(
  const rk_sequence_forward *pass, const float *starts, int vectors, bool split, input_place place) {
  const rk_sequence_layout *layout = pass->layout;
  const int32_t last = pass->end_step - 1;
  const int64_t first = layout->offset[pass->first_step];
  const int64_t width = (int64_t)rk_cell_gates(pass->cell) * pass->hidden_size;
  const int sums = split ? 4 : vectors;
  const tiling tiles = tiling_of((int32_t)(layout->offset[last] + layout->active[last] - first), RK_ROWS(sums));
  const float *scales = starts + sums * RK_LANES;
  vf sum[MAX_ROWS * MAX_VECTORS];
  for (int32_t i = 0; i < tiles.count; i++) {
    const int32_t begin = tile_start(tiles, i), rows = tile_start(tiles, i + 1) - begin;
    const float *x[MAX_ROWS];
    for (int32_t r = 0; r < rows; r++) x[r] = pass->x + layout->place[first + begin + r] * pass->x_stride;
    const sequence_tile tile = {
      .first = x, .first_depth = pass->input_size, .second = x, .start = starts, .format = pass->format,
      .scales = scales, .weights = scales + vectors * weight_column(pass->format, 0), .sum = sum};
    sum_tile(rows, vectors, split, &tile);
    for (int32_t r = 0; r < rows; r++)
      for (int v = 0; v < vectors; v++)
        vf_store_part(
          pass->start + (begin + r) * width + place.at + v * place.step, sum[r * MAX_VECTORS + v],
          smaller(place.left - v * place.less, RK_LANES));
  }
}

/// The panels of a part that hold `gates` gates of one block of units. Returns the weights behind all of them.
static const float *multiply_input_gates(
  const rk_sequence_forward *pass, unit_share share, const float *weights, int gates, bool split) {
  const int64_t hidden = pass->hidden_size, depth = pass->input_size + pass->recurrent_size;
  const int32_t blocks = blocks_of(pass->hidden_size);
  const int64_t panel = (split ? 4 : gates) * RK_LANES + gates * weight_column(pass->format, depth);
  for (int32_t block = share_start(share, blocks); block < share_end(share, blocks); block++) {
    const int64_t unit = (int64_t)block * RK_LANES;
    multiply_panel(pass, weights + block * panel, gates, split, (input_place){unit, hidden, hidden - unit, 0});
  }
  return weights + blocks * panel;
}

/// The panels of a part that hold blocks of units of one gate.
static void multiply_input_blocks(
  const rk_sequence_forward *pass, unit_share share, const float *weights, int gate) {
  const int64_t hidden = pass->hidden_size, depth = pass->input_size + pass->recurrent_size;
  const int32_t blocks = blocks_of(pass->hidden_size), panels = panels_of(pass->hidden_size);
  const int64_t column = RK_LANES + weight_column(pass->format, depth);
  for (int32_t panel = share_start(share, panels); panel < share_end(share, panels); panel++) {
    const int32_t block = panel * MAX_VECTORS;
    const int64_t unit = (int64_t)block * RK_LANES;
    multiply_panel(
      pass, weights + block * column, (int)smaller(blocks - block, MAX_VECTORS), false,
      (input_place){gate * hidden + unit, RK_LANES, hidden - unit, RK_LANES});
  }
}

static void multiply_input(const rk_sequence_forward *pass, int32_t part, int32_t parts) {
  const unit_share share = {part, parts};
  const float *w = pass->packed_weights;
  if (pass->end_step <= pass->first_step) return;
  switch (pass->cell) {
  case RK_CELL_LSTM: multiply_input_gates(pass, share, w, 4, false); break;
  case RK_CELL_LSTM_COUPLED: multiply_input_gates(pass, share, w, 3, false); break;
  case RK_CELL_GRU_RESET_AFTER: multiply_input_gates(pass, share, w, 3, true); break;
  case RK_CELL_GRU_RESET_BEFORE:
    multiply_input_blocks(pass, share, multiply_input_gates(pass, share, w, 2, false), 2);
    break;
  case RK_CELL_RNN_TANH:
  case RK_CELL_RNN_RELU: multiply_input_blocks(pass, share, w, 0); break;
  }
}
