// Each cell in reverse: from the gradient of h' to those of its sums, and what becomes of the products that follow.
// Read beside CellForward.h; `d` before a name is the gradient with respect to it.

/// The rows of one part, longest first, and where they stand at this step.
typedef struct {
  const rk_sequence_backward *pass;
  const rk_cell_options *options;
  int64_t hidden_size;
  unit_share units;              // of all, where parts share the rows
  int32_t *row;                  // the sorted row
  const float **out, **h, **c;   // h' of this step; h and c before it
  const float **dout;            // gradient of this step's output, or null
  float **dh, **dc;              // gradients carried from step to step
  float **gates, **extra;
  float **n;                     // n among the gates (GRU)
  const float **source, **mask;  // h under the recurrent mask, and the mask
  const float **zoneout, **cell_zoneout;
  float **dprojected;            // gradient of what the projection gave
  float **draw;                  // gradient of what it took
  float **dpeepholes;
} backward_part;

enum { BACKWARD_POINTERS = 16 };

static int64_t backward_workspace(const rk_sequence_backward *pass) {
  const int64_t rows = pass->layout->rows;
  return 16 + taken(rows * 4) + BACKWARD_POINTERS * taken(rows * (int64_t)sizeof(float *))
    + (pass->projects ? taken(rows * pass->hidden_size * 4) : 0);
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
  vf dh = p->draw ? vf_load_part(AT(draw), count) : gradient_of_output(p, i, unit, count);
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

// MARK: With options: the gates hold sums

/// dy times the slope of f at the sum whose value is y; 0 where the limit acted.
RK_INLINE vf through(rk_function f, float clip, vf sum, vf y, vf dy) {
  vf d = dy * slope_of_function(f, clipped(sum, clip), y);
  return vf_select(vf_abs(sum) > clip, vf_all(0), d);
}

RK_INLINE vf through_gate(const rk_cell_options *o, vf sum, vf y, vf dy) {
  return through(o->gate, o->gate_clip, sum, y, dy);
}

RK_INLINE vf through_candidate(const rk_cell_options *o, vf sum, vf y, vf dy) {
  return through(o->activation, o->gate_clip, sum, y, dy);
}

/// h' = k·h + (1 - k)·h'': leaves dh = k·dh' so far, and gives dh'' = (1 - k)·dh'.
RK_INLINE vf undo_zoneout(const backward_part *p, int32_t i, int32_t unit, int32_t count) {
  vf dh = gradient_of_output(p, i, unit, count);
  vf k = zoneout_share(p->zoneout, p->options->zoneout, i, unit, count);
  vf_store_part(AT(dh), k * dh, count);
  return (1.0f - k) * dh;
}

// i = σ(s_i), f = σ(s_f) or 1 - i, g = tanh(s_g), c'' = limit(f·c + i·g), o = σ(s_o), h'' = o·tanh(c'')
// with the peepholes' part in the sums; c' = k·c + (1 - k)·c''
RK_INLINE void undo_lstm_with_options(
  const backward_part *p, int32_t i, int32_t unit, int32_t count, bool coupled) {
  const rk_cell_options *options = p->options;
  const int64_t hidden = p->hidden_size;
  const int at_g = coupled ? 1 : 2, at_o = coupled ? 2 : 3;
  vf c = vf_load_part(AT(c), count);
  vf sum_in = vf_load_part(GATE(0), count);
  vf sum_forget = coupled ? vf_all(0) : vf_load_part(GATE(1), count);
  vf sum_g = vf_load_part(GATE(at_g), count), sum_o = vf_load_part(GATE(at_o), count);
  lstm_values v = lstm_values_of(options, sum_in, sum_forget, sum_g, c, coupled);
  vf o = gate_of(options, sum_o), y = apply_function(options->activation, v.c);

  vf dh = p->draw ? vf_load_part(AT(draw), count) : undo_zoneout(p, i, unit, count);
  vf k = zoneout_share(p->cell_zoneout, options->cell_zoneout, i, unit, count);
  vf dc_after = vf_load_part(AT(dc), count);
  vf dsum_o = through_gate(options, sum_o, o, dh * y);
  vf dc = vf_fma(dh * o, slope_of_function(options->activation, v.c, y), (1.0f - k) * dc_after);
  vf dc_before = k * dc_after;
  const float *peepholes = options->peepholes ? options->peepholes + unit : NULL;
  if (peepholes) dc = vf_fma(dsum_o, vf_load_part(peepholes + 2 * hidden, count), dc);
  dc = vf_select(vf_abs(v.sum_c) > options->cell_clip, vf_all(0), dc);

  vf din = coupled ? dc * (v.g - c) : dc * v.g;
  vf dsum_in = through_gate(options, sum_in, v.in, din);
  vf dsum_forget = coupled ? vf_all(0) : through_gate(options, sum_forget, v.forget, dc * c);
  vf dsum_g = through_candidate(options, sum_g, v.g, dc * v.in);
  dc_before = vf_fma(dc, v.forget, dc_before);
  if (peepholes) {
    float *dp = AT(dpeepholes);
    dc_before = vf_fma(dsum_in, vf_load_part(peepholes, count), dc_before);
    dc_before = vf_fma(dsum_forget, vf_load_part(peepholes + hidden, count), dc_before);
    vf_store_part(dp, vf_fma(dsum_in, c, vf_load_part(dp, count)), count);
    dp += hidden;
    vf_store_part(dp, vf_fma(dsum_forget, c, vf_load_part(dp, count)), count);
    dp += hidden;
    vf_store_part(dp, vf_fma(dsum_o, v.c, vf_load_part(dp, count)), count);
  }
  vf_store_part(GATE(0), dsum_in, count);
  if (!coupled) vf_store_part(GATE(1), dsum_forget, count);
  vf_store_part(GATE(at_g), dsum_g, count);
  vf_store_part(GATE(at_o), dsum_o, count);
  vf_store_part(AT(dc), dc_before, count);
}

RK_INLINE void undo_full_lstm_with_options(
  const backward_part *p, int32_t i, int32_t unit, int32_t count) {
  undo_lstm_with_options(p, i, unit, count, false);
}

RK_INLINE void undo_coupled_lstm(const backward_part *p, int32_t i, int32_t unit, int32_t count) {
  undo_lstm_with_options(p, i, unit, count, true);
}

// The gradient of what the projection gave, which stands by itself.
RK_INLINE void undo_projected(const backward_part *p, int32_t i, int32_t unit, int32_t count) {
  vf dh = p->options ? undo_zoneout(p, i, unit, count) : gradient_of_output(p, i, unit, count);
  if (!p->options) vf_store_part(AT(dh), vf_all(0), count);
  vf_store_part(AT(dprojected), dh, count);
}

RK_INLINE void undo_gru_reset_after_with_options(
  const backward_part *p, int32_t i, int32_t unit, int32_t count) {
  const rk_cell_options *o = p->options;
  vf sum_r = vf_load_part(GATE(0), count), sum_z = vf_load_part(GATE(1), count);
  vf sum_n = vf_load_part(GATE(2), count), sum3 = vf_load_part(AT(extra), count);
  vf r = gate_of(o, sum_r), z = gate_of(o, sum_z), n = candidate_of(o, sum_n);
  vf h = vf_load_part(AT(h), count);
  vf dh = undo_zoneout(p, i, unit, count);
  vf dsum_n = through_candidate(o, sum_n, n, dh * (1.0f - z));
  vf_store_part(GATE(0), through_gate(o, sum_r, r, dsum_n * sum3), count);
  vf_store_part(GATE(1), through_gate(o, sum_z, z, dh * (h - n)), count);
  vf_store_part(GATE(2), dsum_n, count);
  vf_store_part(AT(extra), dsum_n * r, count);
  vf_store_part(AT(dh), vf_fma(dh, z, vf_load_part(AT(dh), count)), count);
}

RK_INLINE void undo_gru_reset_before_with_options(
  const backward_part *p, int32_t i, int32_t unit, int32_t count) {
  const rk_cell_options *o = p->options;
  vf sum_z = vf_load_part(GATE(1), count), sum_n = vf_load_part(GATE(2), count);
  vf z = gate_of(o, sum_z), n = candidate_of(o, sum_n);
  vf h = vf_load_part(AT(h), count);
  vf dh = undo_zoneout(p, i, unit, count);
  vf_store_part(GATE(1), through_gate(o, sum_z, z, dh * (h - n)), count);
  vf_store_part(GATE(2), through_candidate(o, sum_n, n, dh * (1.0f - z)), count);
  vf_store_part(AT(dh), vf_fma(dh, z, vf_load_part(AT(dh), count)), count);
}

RK_INLINE void undo_rnn_with_options(
  const backward_part *p, int32_t i, int32_t unit, int32_t count) {
  vf sum = vf_load_part(GATE(0), count);
  vf dh = undo_zoneout(p, i, unit, count);
  vf_store_part(GATE(0), through_candidate(p->options, sum, candidate_of(p->options, sum), dh), count);
}

// MARK: The gradient of h, by the transposed weights

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

// sum = d(mask·h)                dh += mask·sum
RK_INLINE void finish_masked_dh(const backward_part *p, int32_t i, int32_t unit, int32_t count, vf *sum) {
  vf mask = vf_load_part(AT(mask), count), dh = vf_load_part(AT(dh), count);
  vf_store_part(AT(dh), vf_fma(mask, *sum, dh), count);
}

RK_INLINE void finish_draw(const backward_part *p, int32_t i, int32_t unit, int32_t count, vf *sum) {
  vf_store_part(AT(draw), *sum, count);
}

// sum = d(r·h)                   dr = d(r·h)·h, dh += d(r·h)·r
RK_INLINE void finish_reset(const backward_part *p, int32_t i, int32_t unit, int32_t count, vf *sum) {
  vf r = vf_load_part(GATE(0), count), dh = vf_load_part(AT(dh), count);
  vf_store_part(AT(dh), vf_fma(*sum, r, dh), count);
  vf_store_part(GATE(0), *sum * vf_load_part(AT(h), count) * sigmoid_slope(r), count);
}

// The same for r·(mask·h)
RK_INLINE void finish_reset_with_options(
  const backward_part *p, int32_t i, int32_t unit, int32_t count, vf *sum) {
  vf sum_r = vf_load_part(GATE(0), count), dh = vf_load_part(AT(dh), count);
  vf r = gate_of(p->options, sum_r), h = vf_load_part(AT(source), count);
  vf dsource = *sum * r;
  if (p->mask) dsource *= vf_load_part(AT(mask), count);
  vf_store_part(AT(dh), dh + dsource, count);
  vf_store_part(GATE(0), through_gate(p->options, sum_r, r, *sum * h), count);
}

#undef AT
#undef GATE
