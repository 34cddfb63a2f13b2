// logit_i = b_i + V_i·(m ∘ σ(a_i)), a_i = c + Σ_{j<i} x_j·W_j, of each row. `Reductions.h` stands before.
//
// Few variables are set, so σ(a) is computed once a row and once more behind each variable that is set: the variables
// up to the next one that is set share their hidden units.

/// h = m ∘ σ(a)
RK_INLINE void nade_hidden(const float *a, const float *mask, int64_t units, float *h) {
  RK_EACH_VECTOR(units, {
    vf s = vf_sigmoid(vf_load_part(a + i, n));
    vf_store_part(h + i, mask ? s * vf_load_part(mask + i, n) : s, n);
  });
}

/// a += w
RK_INLINE void nade_add(const float *w, int64_t units, float *a) {
  RK_EACH_VECTOR(units, { vf_store_part(a + i, vf_load_part(a + i, n) + vf_load_part(w + i, n), n); });
}

/// y = b + V·h of the next `count` variables, 4 or 1; each sum has the shape of every reduction.
RK_INLINE void nade_logits(
  const float *v, const float *h, int64_t units, const int count, const float *b, float *y) {
  rk_running sums[4];
  for (int k = 0; k < count; ++k) sums[k] = running_all(0.0f);
  int64_t first = 0;
  for (; first + 16 <= units; first += 16)
    for (int p = 0; p < RK_PARTS; ++p) {
      const int64_t i = first + p * RK_LANES;
      const vf hidden = vf_load(h + i);
      for (int k = 0; k < count; ++k)
        sums[k].part[p] = vf_fma(vf_load(v + k * units + i), hidden, sums[k].part[p]);
    }
  for (int p = 0; first < units; ++p, first += RK_LANES) {
    const int64_t n = units - first < RK_LANES ? units - first : RK_LANES;
    const vf hidden = vf_load_part(h + first, n);
    for (int k = 0; k < count; ++k)
      sums[k].part[p] = vf_fma(vf_load_part(v + k * units + first, n), hidden, sums[k].part[p]);
  }
  for (int k = 0; k < count; ++k) y[k] = b[k] + running_sum(&sums[k]);
}

static void k_run_nade(
  const rk_nade *nade, int64_t first, int64_t end, float *logits, float *workspace) {
  const int64_t variables = nade->variables, units = nade->units;
  float *a = workspace, *h = workspace + units;
  for (int64_t m = first; m < end; ++m) {
    const float *x = nade->x + m * variables, *b = nade->biases + m * (variables + units);
    const float *mask = nade->mask ? nade->mask + m * units : NULL;
    float *y = logits + m * variables;
    memcpy(a, b + variables, (size_t)units * sizeof(float));
    nade_hidden(a, mask, units, h);
    for (int64_t j = 0; j < variables;) {
      int64_t next = j;  // behind the variables that share h
      while (next < variables && x[next] == 0.0f) ++next;
      const bool isSet = next < variables;
      if (isSet) ++next;
      const float *v = nade->output_weights;
      for (; j + 4 <= next; j += 4) nade_logits(v + j * units, h, units, 4, b + j, y + j);
      for (; j < next; ++j) nade_logits(v + j * units, h, units, 1, b + j, y + j);
      if (!isSet || next == variables) continue;
      const float *w = nade->weights + (next - 1) * units;
      nade_add(w, units, a);
      nade_hidden(a, mask, units, h);
    }
  }
}

// From the last variable to the first: dV_i += dy_i·h, dh += dy_i·V_i; where a variable that is set changed a,
// da += dh ∘ m ∘ s ∘ (1 - s) of the variables behind it, and dW_i += da. In the end dc = da. Each hidden unit is alone.
static void k_run_nade_backward(
  const rk_nade *nade, int64_t rows, int64_t first, int64_t end, const float *logit_gradient,
  float *bias_gradient, float *weight_gradient, float *output_weight_gradient, float *workspace) {
  const int64_t variables = nade->variables, units = nade->units, width = end - first;
  float *da = workspace, *dh = workspace + width, *states = workspace + 2 * width;
  for (int64_t m = 0; m < rows; ++m) {
    const float *x = nade->x + m * variables, *dy = logit_gradient + m * variables;
    const float *mask = nade->mask ? nade->mask + m * units + first : NULL;
    // s of each stretch of variables that share it; `da` holds a.
    const float *c = nade->biases + m * (variables + units) + variables + first;
    memcpy(da, c, (size_t)width * sizeof(float));
    float *s = states;
    nade_hidden(da, NULL, width, s);
    for (int64_t j = 0; j + 1 < variables; ++j) {
      if (x[j] == 0.0f) continue;
      const float *w = nade->weights + j * units + first;
      nade_add(w, width, da);
      s += width;
      nade_hidden(da, NULL, width, s);
    }
    memset(workspace, 0, (size_t)(2 * width) * sizeof(float));
    for (int64_t j = variables - 1; j >= 0; --j) {
      const bool changes = j > 0 && x[j - 1] != 0.0f;
      if (dy[j] != 0.0f) {
        const vf d = vf_all(dy[j]);
        const float *v = nade->output_weights + j * units + first;
        float *dv = output_weight_gradient + j * units + first;
        RK_EACH_VECTOR(width, {
          vf h = vf_load_part(s + i, n);
          if (mask) h *= vf_load_part(mask + i, n);
          vf_store_part(dv + i, vf_fma(d, h, vf_load_part(dv + i, n)), n);
          vf_store_part(dh + i, vf_fma(d, vf_load_part(v + i, n), vf_load_part(dh + i, n)), n);
        });
      }
      if (!changes && j > 0) continue;
      float *dw = changes ? weight_gradient + (j - 1) * units + first : NULL;
      RK_EACH_VECTOR(width, {
        vf state = vf_load_part(s + i, n);
        vf d = vf_load_part(dh + i, n) * vf_fma(-state, state, state);
        if (mask) d *= vf_load_part(mask + i, n);
        d += vf_load_part(da + i, n);
        vf_store_part(da + i, d, n);
        vf_store_part(dh + i, vf_all(0.0f), n);
        if (dw) vf_store_part(dw + i, vf_load_part(dw + i, n) + d, n);
      });
      if (j > 0) s -= width;
    }
    float *dc = bias_gradient + m * (variables + units) + variables + first;
    memcpy(dc, da, (size_t)width * sizeof(float));
  }
}
