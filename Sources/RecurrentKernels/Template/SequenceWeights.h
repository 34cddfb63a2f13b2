// Weights in the order in which the sequences read them: panels of vectors of RK_LANES units, the last one
// filled up with zeros.
//
// Forward, a panel: its start vectors, then its vectors for each input feature, then for each hidden unit. In int8
// the scales stand behind the starts: of its vectors for the input, then of those for the hidden units.
//   LSTM               one block of units:          i f g o (coupled i g o)
//   GRU, reset after   one block of units: start    r z nx nh; for each feature and unit r z n
//   GRU, reset before  one block of units:          r z; after all of those, n like the simple RNN
//   simple RNN         up to MAX_VECTORS blocks of units
//   projection         behind the others, the same of P: a start of 0, then each hidden unit
// Backward, a panel: up to MAX_VECTORS blocks of units, for each gradient of a gate in its order.
//   GRU, reset before: n, then r z
//   projection:        behind the others, for each gradient of what it gave

static int32_t blocks_of(int32_t hidden_size) { return (hidden_size + RK_LANES - 1) / RK_LANES; }

static int64_t forward_weights_size(const rk_cell_weights *w) {
  const int64_t depth = (int64_t)w->input_size + w->recurrent_size;
  // b' of n stands apart where it is reset with the product.
  const int64_t starts = w->cell == RK_CELL_GRU_RESET_AFTER ? 4 : rk_cell_gates(w->cell);
  const int64_t projection =
    w->projection ? blocks_of(w->recurrent_size) * (RK_LANES + weight_column(w->format, w->hidden_size)) : 0;
  return blocks_of(w->hidden_size) * (starts * RK_LANES + rk_cell_gates(w->cell) * weight_column(w->format, depth))
    + projection;
}

static int64_t backward_weights_size(const rk_cell_weights *w) {
  const int64_t gates =
    (int64_t)blocks_of(w->recurrent_size) * RK_LANES * rk_cell_gates(w->cell) * w->hidden_size;
  const int64_t projection =
    w->projection ? (int64_t)blocks_of(w->hidden_size) * RK_LANES * w->recurrent_size : 0;
  return gates + projection;
}

// MARK: Forward

/// One vector of a panel: the units from `unit`, `count` of them, of one gate.
typedef struct {
  int32_t gate, unit, count;
} panel_vector;

RK_INLINE panel_vector panel_vector_of(int32_t gate, int32_t block, int32_t hidden_size) {
  int32_t unit = block * RK_LANES;
  return (panel_vector){gate, unit, (int32_t)smaller(hidden_size - unit, RK_LANES)};
}

/// The columns of a vector in a row of a matrix, or among its scales.
RK_INLINE vf columns_of(const float *row, panel_vector v, int32_t hidden_size) {
  return vf_load_part(row + (int64_t)v.gate * hidden_size + v.unit, v.count);
}

/// A vector of weights, which lie on the grid of their format.
static float *pack_weights(rk_weight_format format, vf weights, vf scale, float *packed) {
  switch (format) {
  case RK_FLOAT32:
    vf_store(packed, weights);
    break;
  case RK_BFLOAT16: {
    const vector_of_halves upper = __builtin_convertvector((vi)weights >> 16, vector_of_halves);
    __builtin_memcpy(packed, &upper, sizeof upper);
    break;
  }
  case RK_INT8: {
    const vf shift = vf_all(12582912.0f);  // 1.5·2^23: adding it rounds to an integer
    const vf exact = weights / vf_select(scale == 0.0f, vf_all(1), scale);
    const vector_of_bytes q = __builtin_convertvector(
      __builtin_convertvector((exact + shift) - shift, vi), vector_of_bytes);
    __builtin_memcpy(packed, &q, sizeof q);
    break;
  }
  }
  return packed + weight_vector(format);
}

/// A panel's scales, if its format has any, and its weights: for the input, then for the hidden units.
static float *pack_rows(
  const rk_cell_weights *w, const panel_vector *vectors, int32_t count, float *packed) {
  const int64_t width = (int64_t)rk_cell_gates(w->cell) * w->hidden_size;
  const float *scales[] = {w->input_scales, w->recurrent_scales};
  const float *weights[] = {w->input_weights, w->recurrent_weights};
  const int32_t depths[] = {w->input_size, w->recurrent_size};
  vf scale[2][MAX_VECTORS];
  for (int source = 0; source < 2; source++)
    for (int32_t v = 0; v < count; v++) {
      scale[source][v] = w->format == RK_INT8 ? columns_of(scales[source], vectors[v], w->hidden_size) : vf_all(1);
      if (w->format != RK_INT8) continue;
      vf_store(packed, scale[source][v]);
      packed += RK_LANES;
    }
  for (int source = 0; source < 2; source++)
    for (int32_t k = 0; k < depths[source]; k++)
      for (int32_t v = 0; v < count; v++)
        packed = pack_weights(
          w->format, columns_of(weights[source] + k * width, vectors[v], w->hidden_size), scale[source][v], packed);
  return packed;
}

/// The start of one vector: b, b' or b + b'.
static float *pack_start(
  const rk_cell_weights *w, panel_vector v, bool bias, bool recurrent_bias, float *packed) {
  const int64_t at = (int64_t)v.gate * w->hidden_size + v.unit;
  vf start = vf_all(0);
  if (bias && w->bias) start = vf_load_part(w->bias + at, v.count);
  if (recurrent_bias && w->recurrent_bias) start += vf_load_part(w->recurrent_bias + at, v.count);
  vf_store(packed, start);
  return packed + RK_LANES;
}

/// Panels of one gate alone, up to MAX_VECTORS blocks of units each.
static float *pack_single_gate(const rk_cell_weights *w, int32_t gate, float *packed) {
  const int32_t blocks = blocks_of(w->hidden_size);
  for (int32_t block = 0; block < blocks; block += MAX_VECTORS) {
    panel_vector vectors[MAX_VECTORS];
    int32_t count = (int32_t)smaller(blocks - block, MAX_VECTORS);
    for (int32_t v = 0; v < count; v++) {
      vectors[v] = panel_vector_of(gate, block + v, w->hidden_size);
      packed = pack_start(w, vectors[v], true, true, packed);
    }
    packed = pack_rows(w, vectors, count, packed);
  }
  return packed;
}

/// The projection's columns, up to MAX_VECTORS blocks of them a panel.
static void pack_projection(const rk_cell_weights *w, float *packed) {
  const int32_t width = w->recurrent_size, blocks = blocks_of(width);
  for (int32_t block = 0; block < blocks; block += MAX_VECTORS) {
    panel_vector vectors[MAX_VECTORS];
    vf scale[MAX_VECTORS];
    const int32_t count = (int32_t)smaller(blocks - block, MAX_VECTORS);
    for (int32_t v = 0; v < count; v++, packed += RK_LANES) {
      vectors[v] = panel_vector_of(0, block + v, width);
      vf_store(packed, vf_all(0));
      scale[v] = w->format == RK_INT8 ? columns_of(w->projection_scales, vectors[v], width) : vf_all(1);
    }
    if (w->format == RK_INT8)
      for (int32_t v = 0; v < 2 * count; v++, packed += RK_LANES) vf_store(packed, scale[v % count]);
    for (int32_t k = 0; k < w->hidden_size; k++)
      for (int32_t v = 0; v < count; v++)
        packed = pack_weights(
          w->format, columns_of(w->projection + (int64_t)k * width, vectors[v], width), scale[v], packed);
  }
}

static void pack_forward_weights(const rk_cell_weights *w, float *packed) {
  const int32_t blocks = blocks_of(w->hidden_size), gates = rk_cell_gates(w->cell);
  if (gates == 1) {
    pack_single_gate(w, 0, packed);
    return;
  }
  const bool reset_after = w->cell == RK_CELL_GRU_RESET_AFTER;
  const int32_t together = w->cell == RK_CELL_GRU_RESET_BEFORE ? 2 : gates;
  for (int32_t block = 0; block < blocks; block++) {
    panel_vector vectors[MAX_VECTORS];
    for (int32_t gate = 0; gate < together; gate++) {
      vectors[gate] = panel_vector_of(gate, block, w->hidden_size);
      packed = pack_start(w, vectors[gate], true, !(reset_after && gate == 2), packed);
    }
    if (reset_after) packed = pack_start(w, vectors[2], false, true, packed);
    packed = pack_rows(w, vectors, together, packed);
  }
  if (w->cell == RK_CELL_GRU_RESET_BEFORE) packed = pack_single_gate(w, 2, packed);
  if (w->projection) pack_projection(w, packed);
}

// MARK: Backward

/// The columns `from` … `to` of a matrix with `rows` rows of `width`, transposed.
static float *pack_transposed(
  const float *matrix, int64_t rows, int64_t width, int64_t from, int64_t to, float *packed) {
  const int64_t padded = round_up(rows, RK_LANES), block = 16;  // columns of a cache line
  for (int64_t unit = 0; unit < padded; unit += MAX_VECTORS * RK_LANES) {
    const int64_t wide = smaller(padded - unit, MAX_VECTORS * RK_LANES);
    for (int64_t k0 = from; k0 < to; k0 += block) {
      const int64_t columns = smaller(to - k0, block);
      for (int64_t lane = 0; lane < wide; lane += RK_LANES) {
        const float *corner = matrix + (unit + lane) * width + k0;
        const int64_t left = smaller(rows - unit - lane, RK_LANES);
        int64_t k = 0;
        for (; left == RK_LANES && k + RK_LANES <= columns; k += RK_LANES) {
          vf turned[RK_LANES];
          RK_UNROLL
          for (int i = 0; i < RK_LANES; i++) turned[i] = vf_load(corner + i * width + k);
          vf_transpose(turned);
          RK_UNROLL
          for (int i = 0; i < RK_LANES; i++) vf_store(packed + (k + i) * wide + lane, turned[i]);
        }
        for (; k < columns; k++)
          for (int64_t i = 0; i < RK_LANES; i++) packed[k * wide + lane + i] = i < left ? corner[i * width + k] : 0;
      }
      packed += columns * wide;
    }
  }
  return packed;
}

static void pack_backward_weights(const rk_cell_weights *w, float *packed) {
  const int64_t hidden = w->hidden_size, size = w->recurrent_size;
  const int64_t width = rk_cell_gates(w->cell) * hidden;
  if (w->cell == RK_CELL_GRU_RESET_BEFORE) {
    packed = pack_transposed(w->recurrent_weights, size, width, 2 * hidden, width, packed);
    packed = pack_transposed(w->recurrent_weights, size, width, 0, 2 * hidden, packed);
  } else {
    packed = pack_transposed(w->recurrent_weights, size, width, 0, width, packed);
  }
  if (w->projection) pack_transposed(w->projection, hidden, size, 0, size, packed);
}
