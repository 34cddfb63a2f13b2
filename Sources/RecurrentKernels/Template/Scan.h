// h_t = f(p_t + q_t·h_{t-1}), each unit alone: cells whose steps share no product. `SequenceTile.h` stands before.

/// The hidden state before step s of sorted row j: the output one step before, or the initial state.
RK_INLINE const float *scan_before(
  const rk_sequence_layout *l, const float *out, const float *h, int64_t width, int32_t j, int32_t s) {
  return s > 0 ? out + place_of(l, j, s - 1) * width : h + l->batch_row[j] * width;
}

// y = f(p + q·h)
RK_INLINE void scan_rows(
  const rk_function f, const rk_scan_forward *pass, int32_t part, int32_t parts) {
  const rk_sequence_layout *layout = pass->layout;
  const int64_t width = pass->hidden_size;
  for (int32_t j = part; j < layout->rows; j += parts) {
    const int32_t length = layout->length[j];
    if (length == 0) continue;
    for (int32_t s = 0; s < length; s++) {
      const int64_t place = place_of(layout, j, s);
      const float *p = pass->p + place * width, *q = pass->q + place * pass->q_stride;
      const float *h = scan_before(layout, pass->out, pass->h, width, j, s);
      float *y = pass->out + place * width;
      RK_EACH_VECTOR(width, {
        vf sum = vf_fma(vf_load_part(q + i, n), vf_load_part(h + i, n), vf_load_part(p + i, n));
        vf_store_part(y + i, vf_apply(f, sum), n);
      });
    }
    const float *last = pass->out + place_of(layout, j, length - 1) * width;
    memcpy(pass->h + layout->batch_row[j] * width, last, (size_t)width * sizeof(float));
  }
}

// d = (dy + dh)·f'(p + q·h), dp = d, dq = d·h, dh of the step before = d·q
RK_INLINE void scan_rows_backward(
  const rk_function f, const rk_scan_backward *pass, int32_t part, int32_t parts) {
  const rk_sequence_layout *layout = pass->layout;
  const int64_t width = pass->hidden_size;
  const bool shared = pass->q_stride == 0;
  for (int32_t j = part; j < layout->rows; j += parts) {
    const int64_t batch_row = layout->batch_row[j];
    float *dh = pass->h_gradient + batch_row * width;
    for (int32_t s = layout->length[j] - 1; s >= 0; s--) {
      const int64_t place = place_of(layout, j, s);
      const float *q = pass->q + place * pass->q_stride, *y = pass->out + place * width;
      const float *dy = pass->out_gradient ? pass->out_gradient + place * width : NULL;
      const float *h = scan_before(layout, pass->out, pass->h, width, j, s);
      float *dp = pass->p_gradient + place * width;
      float *dq = pass->q_gradient + (shared ? batch_row : place) * width;
      RK_EACH_VECTOR(width, {
        vf out = vf_load_part(y + i, n);
        vf d = vf_load_part(dh + i, n);
        if (dy) d += vf_load_part(dy + i, n);
        d *= vf_slope(f, out, out);  // of these functions, the slope at y is that at the sum
        vf_store_part(dp + i, d, n);
        vf_store_part(dh + i, d * vf_load_part(q + i, n), n);
        vf before = vf_load_part(h + i, n);
        vf_store_part(dq + i, shared ? vf_fma(d, before, vf_load_part(dq + i, n)) : d * before, n);
      });
    }
  }
}

static void run_scan(const rk_scan_forward *pass, int32_t part, int32_t parts) {
  switch (pass->function) {
  case RK_TANH: scan_rows(RK_TANH, pass, part, parts); break;
  case RK_RELU: scan_rows(RK_RELU, pass, part, parts); break;
  default: scan_rows(RK_IDENTITY, pass, part, parts); break;
  }
}

static void run_scan_backward(const rk_scan_backward *pass, int32_t part, int32_t parts) {
  switch (pass->function) {
  case RK_TANH: scan_rows_backward(RK_TANH, pass, part, parts); break;
  case RK_RELU: scan_rows_backward(RK_RELU, pass, part, parts); break;
  default: scan_rows_backward(RK_IDENTITY, pass, part, parts); break;
  }
}
