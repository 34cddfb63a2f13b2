// Every cell forward and backward, with and without options, over rows of several lengths, whole and by segments.

#include "Case.h"

// MARK: Layouts

enum { LENGTHS = 24 };  // which a batch of more rows repeats

static int32_t longest_of(const int32_t *lengths, int32_t rows) {
  int32_t longest = 0;
  for (int32_t row = 0; row < rows; row++)
    if (lengths[row % LENGTHS] > longest) longest = lengths[row % LENGTHS];
  return longest;
}

/// Rows of these lengths in [rows, time, …], forward in time or from the end.
static rk_sequence_layout layout_of(const int32_t *lengths, int32_t rows, int32_t time, bool reverse) {
  const int32_t steps = longest_of(lengths, rows);
  int32_t *batch_row = integers(rows), *length = integers(rows), *active = integers(steps);
  int32_t *place = integers((int64_t)rows * steps), sorted = 0;
  int64_t *offset = long_integers(steps), kept = 0;
  for (int32_t l = steps; l >= 0; l--)
    for (int32_t row = 0; row < rows; row++)
      if (lengths[row % LENGTHS] == l) {
        batch_row[sorted] = row;
        length[sorted++] = l;
      }
  for (int32_t s = 0; s < steps; s++) {
    offset[s] = kept;
    active[s] = 0;
    for (int32_t j = 0; j < rows && length[j] > s; j++, active[s]++)
      place[kept++] = batch_row[j] * time + (reverse ? length[j] - 1 - s : s);
  }
  return (rk_sequence_layout){rows, steps, batch_row, length, active, offset, place};
}

/// Packed rows of the steps first ..< end.
static int64_t kept_of(const rk_sequence_layout *layout, int32_t first, int32_t end) {
  int64_t kept = 0;
  for (int32_t s = first; s < end; s++) kept += layout->active[s];
  return kept;
}

// MARK: A layer

typedef enum { PLAIN, SHARES, MASKS } option_kind;

static const char *const format_names[] = {"", " bfloat16", " int8"};

typedef struct {
  const char *name;
  rk_cell cell;
  bool projects;
  option_kind options;
  rk_function gate, activation;
} layer_kind;

static const layer_kind layers[] = {
  {"lstm", RK_CELL_LSTM, false, PLAIN, 0, 0},
  {"lstm-projected", RK_CELL_LSTM, true, PLAIN, 0, 0},
  {"lstm-shares", RK_CELL_LSTM, false, SHARES, RK_SIGMOID, RK_TANH},
  {"lstm-masks", RK_CELL_LSTM, true, MASKS, RK_HARD_SIGMOID, RK_SOFTSIGN},
  {"coupled-shares", RK_CELL_LSTM_COUPLED, false, SHARES, RK_SIGMOID, RK_GELU},
  {"coupled-masks", RK_CELL_LSTM_COUPLED, true, MASKS, RK_HARD_SIGMOID_ONNX, RK_TANH},
  {"gru-after", RK_CELL_GRU_RESET_AFTER, false, PLAIN, 0, 0},
  {"gru-after-shares", RK_CELL_GRU_RESET_AFTER, false, SHARES, RK_SIGMOID, RK_ELU},
  {"gru-after-masks", RK_CELL_GRU_RESET_AFTER, false, MASKS, RK_HARD_SIGMOID, RK_SOFTSIGN},
  {"gru-before", RK_CELL_GRU_RESET_BEFORE, false, PLAIN, 0, 0},
  {"gru-before-shares", RK_CELL_GRU_RESET_BEFORE, false, SHARES, RK_SIGMOID, RK_SELU},
  {"gru-before-masks", RK_CELL_GRU_RESET_BEFORE, false, MASKS, RK_HARD_SIGMOID, RK_SOFTSIGN},
  {"rnn-tanh", RK_CELL_RNN_TANH, false, PLAIN, 0, 0},
  {"rnn-relu", RK_CELL_RNN_RELU, false, PLAIN, 0, 0},
  {"rnn-shares", RK_CELL_RNN_TANH, false, SHARES, RK_SIGMOID, RK_SOFTPLUS},
  {"rnn-masks", RK_CELL_RNN_RELU, false, MASKS, RK_SIGMOID, RK_LEAKY_RELU},
};

typedef struct {
  const char *name;
  int32_t rows;
  int32_t lengths[LENGTHS];
  bool reverse, biases, out_gradient;
  int32_t parts;
  int32_t cut;  // where the steps are divided into segments; 0: whole
  bool input_first;  // its product is taken for all steps at once
} batch_kind;

static const batch_kind batches[] = {
  {"one", 1, {3}, false, true, true, 1, 0, true},
  {"even", 23, {4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4}, false, false, true, 2, 0, false},
  {"uneven", 11, {4, 0, 7, 7, 1, 5, 7, 2, 6, 3, 7}, true, true, false, 3, 0, false},
  {"segments", 11, {4, 0, 7, 7, 1, 5, 7, 2, 6, 3, 7}, false, true, true, 1, 4, false},
};

/// Rows without steps, no rows at all, and more rows than any block has; with input of no size as well.
static const batch_kind edge_batches[] = {
  {"no-steps", 3, {0, 0, 0}, false, true, true, 2, 0, true},
  {"no-rows", 0, {0}, false, true, true, 2, 0, true},
  {"many", 400, {2, 1, 0, 2, 2, 1, 0, 2, 2, 1, 0, 2, 2, 1, 0, 2, 2, 1, 0, 2, 2, 1, 0, 2}, true, true, true, 3, 0, false},
};

/// One layer at work on one batch.
typedef struct {
  const layer_kind *kind;
  const batch_kind *batch;
  rk_weight_format format;
  int32_t input, hidden, size, gates;
  bool cell_state, simple, plain;
  rk_sequence_layout layout;
  rk_cell_options options;
  float *packed, *packed_back;
  const float *x, *dout, *h0;
  int64_t x_stride, out_stride;
  float *out, *h, *c, *dh, *dc, *dpeepholes;
} layer;

/// What a segment keeps for its way back.
typedef struct {
  float *gates, *extra, *masked, *unprojected, *dprojected;
} kept_values;

/// A matrix on the grid of the format, of numbers up to about `scale`, and the scales of its columns.
static const float *weights_of(const layer *l, int64_t rows, int64_t columns, float scale, const float **scales) {
  float *weights = random_floats(rows * columns, l->format == RK_INT8 ? 127.9f : scale);
  float *own = l->format == RK_INT8 ? random_floats(columns, scale / 127) : NULL;
  for (int64_t i = 0; own && i < columns; i++) own[i] = i % 5 == 3 ? 0 : __builtin_fabsf(own[i]);
  for (int64_t i = 0; i < rows * columns; i++) {
    uint32_t bits;
    if (l->format == RK_BFLOAT16) {
      __builtin_memcpy(&bits, weights + i, 4);
      bits &= 0xffff0000;
      __builtin_memcpy(weights + i, &bits, 4);
    } else if (own) {
      weights[i] = (float)(int)weights[i] * own[i % columns];
    }
  }
  *scales = own;
  return weights;
}

static void pack(layer *l) {
  const int64_t width = (int64_t)l->gates * l->hidden;
  const bool biases = l->batch->biases;
  const float scale = 1.5f / __builtin_sqrtf((float)(l->input + l->size));
  rk_cell_weights weights = {
    .cell = l->kind->cell, .input_size = l->input, .hidden_size = l->hidden, .recurrent_size = l->size,
    .format = l->format};
  weights.input_weights = weights_of(l, l->input, width, scale, &weights.input_scales);
  weights.recurrent_weights = weights_of(l, l->size, width, scale, &weights.recurrent_scales);
  if (biases) weights.bias = random_floats(width, 0.5f);
  if (biases) weights.recurrent_bias = random_floats(width, 0.5f);
  if (l->kind->projects) weights.projection = weights_of(l, l->hidden, l->size, 0.4f, &weights.projection_scales);
  l->packed = unset(rk_forward_weights_size(&weights));
  l->packed_back = unset(rk_backward_weights_size(&weights));
  rk_pack_forward_weights(&weights, l->packed);
  rk_pack_backward_weights(&weights, l->packed_back);
}

static rk_cell_options options_of(const layer *l) {
  const bool masks = l->kind->options == MASKS;
  const int64_t rows = l->batch->rows, kept = kept_of(&l->layout, 0, l->layout.steps);
  rk_cell_options options = {
    .gate = l->kind->gate, .activation = l->kind->activation, .gate_clip = masks ? 1.5f : __builtin_inff(),
    .cell_clip = masks ? 0.7f : __builtin_inff(), .zoneout = masks ? 0.5f : 0.1f, .cell_zoneout = masks ? 0.5f : 0.2f};
  if (l->cell_state) options.peepholes = random_floats(3 * (int64_t)l->hidden, 0.5f);
  if (!masks) return options;
  options.recurrent_mask = coins(rows * l->size);
  options.zoneout_mask = coins(kept * l->size);
  if (l->cell_state) options.cell_zoneout_mask = coins(kept * l->hidden);
  return options;
}

static void run_forward(layer *l, int32_t first, int32_t end, float *h, float *c, const kept_values *kept, bool again) {
  rk_sequence_forward pass = {
    .cell = l->kind->cell, .input_size = l->input, .hidden_size = l->hidden, .recurrent_size = l->size,
    .layout = &l->layout, .first_step = first, .end_step = end, .options = l->plain ? NULL : &l->options,
    .projects = l->kind->projects, .format = l->format, .packed_weights = l->packed, .x = l->x, .x_stride = l->x_stride, .out = l->out,
    .out_stride = l->out_stride, .keeps_out = again, .h = h, .c = l->cell_state ? c : NULL,
    .gates = kept ? kept->gates : NULL, .extra = kept ? kept->extra : NULL, .masked = kept ? kept->masked : NULL,
    .unprojected = kept ? kept->unprojected : NULL};
  if (l->batch->input_first) {
    pass.start = unset(kept_of(&l->layout, first, end) * l->gates * l->hidden);
    for (int32_t part = 0; part < l->batch->parts; part++) rk_multiply_input(&pass, part, l->batch->parts);
  }
  for (int32_t part = 0; part < l->batch->parts; part++)
    rk_run_forward(&pass, part, l->batch->parts, unset(rk_forward_workspace(&pass)));
}

static kept_values room_of(const layer *l, int64_t kept) {
  return (kept_values){
    .gates = l->plain && l->simple ? NULL : unset(kept * l->gates * l->hidden),
    .extra = l->simple ? NULL : unset(kept * l->hidden),
    .masked = l->kind->options == MASKS ? unset(kept * l->size) : NULL,
    .unprojected = l->kind->projects ? unset(kept * l->hidden) : NULL,
    .dprojected = l->kind->projects ? unset(kept * l->size) : NULL};
}

static void run_backward(layer *l, int32_t first, int32_t end, const float *c, kept_values kept) {
  const int64_t rows = kept_of(&l->layout, first, end);
  if (!kept.gates) kept.gates = unset(rows * l->gates * l->hidden);
  const rk_sequence_backward pass = {
    .cell = l->kind->cell, .input_size = l->input, .hidden_size = l->hidden, .recurrent_size = l->size,
    .layout = &l->layout, .first_step = first, .end_step = end, .options = l->plain ? NULL : &l->options,
    .projects = l->kind->projects, .packed_weights = l->packed_back, .out = l->out, .out_stride = l->out_stride,
    .h = l->h0, .c = l->cell_state ? c : NULL, .gates = kept.gates, .extra = kept.extra, .masked = kept.masked,
    .projected_gradient = kept.dprojected,
    .peephole_gradient = l->plain || !l->cell_state ? NULL : l->dpeepholes, .out_gradient = l->dout,
    .out_gradient_stride = l->size, .h_gradient = l->dh, .c_gradient = l->cell_state ? l->dc : NULL};
  for (int32_t part = 0; part < l->batch->parts; part++)
    rk_run_backward(&pass, part, l->batch->parts, unset(rk_backward_workspace(&pass)));
  add_floats(kept.gates, rows * l->gates * l->hidden);
  if (kept.extra) add_floats(kept.extra, rows * l->hidden);
  if (kept.dprojected) add_floats(kept.dprojected, rows * l->size);
}

static void run_segment(layer *l, int32_t first, int32_t end, const float *c, bool again) {
  const kept_values kept = room_of(l, kept_of(&l->layout, first, end));
  const int64_t rows = l->batch->rows;
  float *h = again ? copy_of(l->h0, rows * l->size) : l->h;
  run_forward(l, first, end, h, again ? copy_of(c, rows * l->hidden) : l->c, &kept, again);
  if (kept.gates) add_floats(kept.gates, kept_of(&l->layout, first, end) * l->gates * l->hidden);
  run_backward(l, first, end, c, kept);
}

static void layer_case(
  const layer_kind *kind, const batch_kind *batch, int32_t input, int32_t hidden, rk_weight_format format) {
  begin_case("%s %s I %d H %d%s", kind->name, batch->name, input, hidden, format_names[format]);
  layer l = {.kind = kind, .batch = batch, .format = format, .input = input, .hidden = hidden};
  l.size = kind->projects ? hidden / 2 + 1 : hidden;
  l.gates = rk_cell_gates(kind->cell);
  l.cell_state = kind->cell == RK_CELL_LSTM || kind->cell == RK_CELL_LSTM_COUPLED;
  l.simple = l.gates == 1;
  l.plain = kind->options == PLAIN;
  const int32_t rows = batch->rows, steps = longest_of(batch->lengths, rows), time = steps + 1;
  l.layout = layout_of(batch->lengths, rows, time, batch->reverse);
  pack(&l);
  if (!l.plain) l.options = options_of(&l);
  l.x_stride = input + 3;
  l.out_stride = l.size + 2;
  l.x = random_floats(rows * time * l.x_stride, 1);
  l.dout = batch->out_gradient ? random_floats((int64_t)rows * time * l.size, 1) : NULL;
  l.h = random_floats((int64_t)rows * l.size, 1);
  l.c = random_floats((int64_t)rows * hidden, 1);
  l.dh = random_floats((int64_t)rows * l.size, 1);
  l.dc = random_floats((int64_t)rows * hidden, 1);
  l.dpeepholes = zeros((int64_t)rows * 3 * hidden);
  l.out = unset(rows * time * l.out_stride);
  l.h0 = copy_of(l.h, (int64_t)rows * l.size);
  const float *c0 = copy_of(l.c, (int64_t)rows * hidden);

  if (batch->cut) {
    run_forward(&l, 0, batch->cut, l.h, l.c, NULL, false);
    const float *between = copy_of(l.c, (int64_t)rows * hidden);
    run_forward(&l, batch->cut, steps, l.h, l.c, NULL, false);
    run_segment(&l, batch->cut, steps, between, true);
    run_segment(&l, 0, batch->cut, c0, true);
  } else {
    run_segment(&l, 0, steps, c0, false);
  }
  add_floats(l.out, rows * time * l.out_stride);
  add_floats(l.h, (int64_t)rows * l.size);
  add_floats(l.dh, (int64_t)rows * l.size);
  if (l.cell_state) {
    add_floats(l.c, (int64_t)rows * hidden);
    add_floats(l.dc, (int64_t)rows * hidden);
    if (!l.plain) add_floats(l.dpeepholes, (int64_t)rows * 3 * hidden);
  }
  end_case();
}

void sequences(void) {
  static const int32_t sizes[][2] = {{1, 1}, {3, 5}, {7, 16}, {2, 43}, {40, 67}};
  for (int kind = 0; kind < LENGTH(layers); kind++)
    for (int batch = 0; batch < LENGTH(batches); batch++)
      for (int size = 0; size < LENGTH(sizes); size++)
        for (int format = RK_FLOAT32; format <= RK_INT8; format++)
          if (format == RK_FLOAT32 || layers[kind].options == PLAIN)
            layer_case(&layers[kind], &batches[batch], sizes[size][0], sizes[size][1], (rk_weight_format)format);
  for (int kind = 0; kind < LENGTH(layers); kind++)
    for (int format = RK_FLOAT32; format <= RK_INT8; format++) {
      if (format != RK_FLOAT32 && layers[kind].options != PLAIN) continue;
      for (int batch = 0; batch < LENGTH(edge_batches); batch++)
        for (int input = 0; input < 4; input += 3)
          layer_case(&layers[kind], &edge_batches[batch], input, 5, (rk_weight_format)format);
      layer_case(&layers[kind], &batches[0], 193, 192, (rk_weight_format)format);
    }
}

// MARK: Scans

static void scan_case(
  const char *name, rk_function function, const batch_kind *batch, bool shared, bool out_gradient, int32_t width) {
  begin_case(
    "scan %s %s%s%s H %d", name, batch->name, shared ? " shared" : "", out_gradient ? "" : " no-gradient", width);
  const int32_t rows = batch->rows, time = longest_of(batch->lengths, rows) + 1;
  const int64_t count = (int64_t)rows * time * width, states = (int64_t)rows * width;
  const rk_sequence_layout layout = layout_of(batch->lengths, rows, time, out_gradient);
  const float *q = random_floats(shared ? width : count, 1);
  const int64_t q_stride = shared ? 0 : width;
  float *out = unset(count), *h = random_floats(states, 1);
  const float *h0 = copy_of(h, states);
  const rk_scan_forward forward = {
    .function = function, .hidden_size = width, .layout = &layout, .p = random_floats(count, 1), .q = q,
    .q_stride = q_stride, .out = out, .h = h};
  float *dp = unset(count), *dq = shared ? zeros(states) : unset(count), *dh = random_floats(states, 1);
  const rk_scan_backward backward = {
    .function = function, .hidden_size = width, .layout = &layout, .q = q, .q_stride = q_stride, .out = out, .h = h0,
    .out_gradient = out_gradient ? random_floats(count, 1) : NULL, .p_gradient = dp, .q_gradient = dq,
    .h_gradient = dh};
  for (int32_t part = 0; part < 2; part++) rk_run_scan(&forward, part, 2);
  for (int32_t part = 0; part < 2; part++) rk_run_scan_backward(&backward, part, 2);
  add_floats(out, count);
  add_floats(h, states);
  add_floats(dp, count);
  add_floats(dq, shared ? states : count);
  add_floats(dh, states);
  end_case();
}

void scans(void) {
  static const int32_t widths[] = {0, 1, 3, 16, 37, 193};
  static const batch_kind *const kinds[] = {&batches[2], &edge_batches[0], &edge_batches[1], &edge_batches[2]};
  for (int kind = 0; kind < LENGTH(kinds); kind++)
    for (int w = 0; w < LENGTH(widths); w++)
      for (int shared = 0; shared < 2; shared++)
        for (int gradient = 0; gradient < 2; gradient++) {
          scan_case("identity", RK_IDENTITY, kinds[kind], shared, gradient, widths[w]);
          scan_case("tanh", RK_TANH, kinds[kind], shared, gradient, widths[w]);
          scan_case("relu", RK_RELU, kinds[kind], shared, gradient, widths[w]);
        }
}
