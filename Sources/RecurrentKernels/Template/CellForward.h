// What follows the product of a step, cell by cell, on the sums while they are at hand. Read beside CellBackward.h.
//
// Each cell has its plain formula, and one with options. With options it keeps the sums instead of the activated
// gates: whatever the activations and limits are, the backward pass has all that it needs.

/// The rows of one part, longest first, and where they stand at this step.
typedef struct {
  const rk_sequence_forward *pass;
  const rk_cell_options *options;
  int64_t hidden_size;
  unit_share units;           // of all, where parts share the rows
  bool keep;                  // for the backward pass
  int32_t *row;               // the sorted row
  const float **x, **h;       // input, and hidden state before this step
  const float **start;        // the sums over the input, or null
  const float *const *source; // what the recurrent weights multiply: h, or h under its mask
  float **out, **c;           // hidden state after it; cell state, updated in place
  float **gates, **extra;     // what is kept for the backward pass
  float **unprojected;        // o·tanh(c'): `out`, unless it is projected
  const float **mask;         // of the recurrent product
  const float **zoneout, **cell_zoneout;
  float **masked;
  float *scratch;             // [rows, `scratch_size`] for what is needed though it is not kept
} forward_part;

enum { FORWARD_POINTERS = 12 };

/// Floats of a row's scratch: z and r·h (GRU, reset before); masked h; what is projected.
static int64_t scratch_size(const rk_sequence_forward *pass) {
  int64_t size = 0;
  if (!pass->gates) {
    if (pass->cell == RK_CELL_GRU_RESET_BEFORE) size += 2 * (int64_t)pass->hidden_size;
    if (pass->options && pass->options->recurrent_mask) size += pass->recurrent_size;
    if (pass->projects) size += pass->hidden_size;
  }
  if (pass->keeps_out) size += pass->recurrent_size;
  return size;
}

static int64_t forward_workspace(const rk_sequence_forward *pass) {
  const int64_t rows = pass->layout->rows;
  return 16 + taken(rows * 4) + FORWARD_POINTERS * taken(rows * (int64_t)sizeof(float *))
    + taken(rows * scratch_size(pass) * 4);
}

/// h, c and what is kept, of the units from `unit` in the part's row i.
#define AT(array) (p->array[i] + unit)
#define GATE(g) (p->gates[i] + (g) * p->hidden_size + unit)

// MARK: LSTM

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
  vf_store_part(AT(unprojected), h, count);
  if (p->keep) {
    vf_store_part(GATE(0), in, count);
    vf_store_part(GATE(1), forget, count);
    vf_store_part(GATE(2), g, count);
    vf_store_part(GATE(3), o, count);
    vf_store_part(AT(extra), c, count);
  }
}

/// Limited to ± the limit.
RK_INLINE vf clipped(vf x, float limit) { return vf_min(vf_max(x, vf_all(-limit)), vf_all(limit)); }

RK_INLINE vf gate_of(const rk_cell_options *o, vf sum) {
  return apply_function(o->gate, clipped(sum, o->gate_clip));
}

RK_INLINE vf candidate_of(const rk_cell_options *o, vf sum) {
  return apply_function(o->activation, clipped(sum, o->gate_clip));
}

/// k·old + (1 - k)·new, k from its mask, or the share that stands for all.
RK_INLINE vf zoned_out(vf k, vf old, vf new) { return vf_fma(k, old, (1.0f - k) * new); }

RK_INLINE vf zoneout_share(const float *const *mask, float share, int32_t i, int32_t unit, int32_t count) {
  return mask ? vf_load_part(mask[i] + unit, count) : vf_all(share);
}

/// h' of what a cell gives, at the width of the hidden state.
RK_INLINE void store_output(const forward_part *p, int32_t i, int32_t unit, int32_t count, vf h) {
  if (p->zoneout || p->options->zoneout > 0)
    h = zoned_out(zoneout_share(p->zoneout, p->options->zoneout, i, unit, count),
      vf_load_part(AT(h), count), h);
  vf_store_part(AT(out), h, count);
}

/// The values of an LSTM with options that follow from the sums of i, f, g and the cell state before.
typedef struct {
  vf in, forget, g;
  vf sum_c, c;  // before and after the limit
} lstm_values;

RK_INLINE lstm_values lstm_values_of(
  const rk_cell_options *options, vf sum_in, vf sum_forget, vf sum_g, vf c, bool coupled) {
  lstm_values v;
  v.in = gate_of(options, sum_in);
  v.forget = coupled ? 1.0f - v.in : gate_of(options, sum_forget);
  v.g = candidate_of(options, sum_g);
  v.sum_c = vf_fma(v.forget, c, v.in * v.g);
  v.c = clipped(v.sum_c, options->cell_clip);
  return v;
}

// The plain formula with: sums of i, f += p·c, of o += p·c'; f = 1 - i if coupled; limits; zoneout of c behind h.
RK_INLINE void finish_lstm_with_options(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum, bool coupled) {
  const rk_cell_options *options = p->options;
  const float *peepholes = options->peepholes ? options->peepholes + unit : NULL;
  const int64_t hidden = p->hidden_size;
  vf c = vf_load_part(AT(c), count);
  vf sum_in = sum[0], sum_forget = coupled ? vf_all(0) : sum[1];
  vf sum_g = sum[coupled ? 1 : 2], sum_o = sum[coupled ? 2 : 3];
  if (peepholes) {
    sum_in = vf_fma(vf_load_part(peepholes, count), c, sum_in);
    sum_forget = vf_fma(vf_load_part(peepholes + hidden, count), c, sum_forget);
  }
  lstm_values v = lstm_values_of(options, sum_in, sum_forget, sum_g, c, coupled);
  if (peepholes) sum_o = vf_fma(vf_load_part(peepholes + 2 * hidden, count), v.c, sum_o);
  vf h = gate_of(options, sum_o) * apply_function(options->activation, v.c);
  if (p->cell_zoneout || options->cell_zoneout > 0)
    v.c = zoned_out(zoneout_share(p->cell_zoneout, options->cell_zoneout, i, unit, count), c, v.c);
  vf_store_part(AT(c), v.c, count);
  if (p->pass->projects) vf_store_part(AT(unprojected), h, count);
  else store_output(p, i, unit, count, h);
  if (p->keep) {
    vf_store_part(GATE(0), sum_in, count);
    if (!coupled) vf_store_part(GATE(1), sum_forget, count);
    vf_store_part(GATE(coupled ? 1 : 2), sum_g, count);
    vf_store_part(GATE(coupled ? 2 : 3), sum_o, count);
    vf_store_part(AT(extra), v.c, count);
  }
}

RK_INLINE void finish_full_lstm_with_options(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum) {
  finish_lstm_with_options(p, i, unit, count, sum, false);
}

RK_INLINE void finish_coupled_lstm(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum) {
  finish_lstm_with_options(p, i, unit, count, sum, true);
}

// h' = sum, over what is projected
RK_INLINE void finish_projection(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum) {
  if (p->options) store_output(p, i, unit, count, sum[0]);
  else vf_store_part(AT(out), sum[0], count);
}

// MARK: GRU

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

RK_INLINE void finish_gru_reset_after_with_options(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum) {
  vf sum_n = vf_fma(gate_of(p->options, sum[0]), sum[3], sum[2]);
  vf z = gate_of(p->options, sum[1]), n = candidate_of(p->options, sum_n);
  store_output(p, i, unit, count, gru_output(z, n, vf_load_part(AT(h), count)));
  if (p->keep) {
    vf_store_part(GATE(0), sum[0], count);
    vf_store_part(GATE(1), sum[1], count);
    vf_store_part(GATE(2), sum_n, count);
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

// The same in which GATE(1) is z's sum.
RK_INLINE void finish_gru_reset_before_gates_with_options(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum) {
  vf r = gate_of(p->options, sum[0]);
  vf_store_part(AT(extra), r * vf_load_part(AT(source), count), count);
  if (p->keep) vf_store_part(GATE(0), sum[0], count);
  vf_store_part(GATE(1), sum[1], count);
}

RK_INLINE void finish_gru_reset_before_with_options(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum) {
  vf z = gate_of(p->options, vf_load_part(GATE(1), count)), n = candidate_of(p->options, sum[0]);
  store_output(p, i, unit, count, gru_output(z, n, vf_load_part(AT(h), count)));
  if (p->keep) vf_store_part(GATE(2), sum[0], count);
}

// MARK: Simple RNN

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

RK_INLINE void finish_rnn_with_options(
  const forward_part *p, int32_t i, int32_t unit, int32_t count, const vf *sum) {
  store_output(p, i, unit, count, candidate_of(p->options, sum[0]));
  if (p->keep) vf_store_part(GATE(0), sum[0], count);
}

#undef AT
#undef GATE
