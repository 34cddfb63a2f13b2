// The optimizers' updates, by the formulas and letters of RecurrentKernels.h: one pass over a parameter w and
// its gradient g. `Reductions.h` stands before.

/// clip·g + l2·w.
RK_INLINE vf vf_gradient(const float *g, int64_t n, vf clip, vf l2, vf w) {
  return vf_fma(l2, w, g ? clip * vf_load_part(g, n) : vf_all(0.0f));
}

static bool k_update_sgd(
  const rk_sgd *rule, float *w, const float *g, float *buffer, int64_t count) {
  const vf clip = vf_all(rule->clip), l2 = vf_all(rule->l2), decay = vf_all(rule->decay);
  const vf momentum = vf_all(rule->momentum);
  const vf gradient_scale = vf_all(rule->gradient_scale), step_scale = vf_all(rule->step_scale);
  const vf damped_scale = vf_all(rule->gradient_scale * (float)(1 - rule->dampening));
  const bool nesterov = rule->nesterov, first = rule->first;
  vi bad = {0};
  RK_EACH_VECTOR(count, {
    vf parameter = vf_load_part(w + i, n);
    vf gradient = vf_gradient(g ? g + i : g, n, clip, l2, parameter);
    vf step = gradient_scale * gradient;
    if (buffer) {
      vf b = first ? step : vf_fma(momentum, vf_load_part(buffer + i, n), damped_scale * gradient);
      vf_store_part(buffer + i, b, n);
      step = nesterov ? vf_fma(momentum, b, step) : b;
    }
    vf result = vf_fma(-step_scale, step, decay * parameter);
    vf_store_part(w + i, result, n);
    bad |= vf_not_finite(result, n);
  });
  return vi_none(bad);
}

static bool k_update_adam(
  const rk_adam *rule, float *w, const float *g, float *m, float *v, float *maximum,
  int64_t count) {
  const vf clip = vf_all(rule->clip), l2 = vf_all(rule->l2), decay = vf_all(rule->decay);
  const vf beta1 = vf_all((float)rule->beta1), beta2 = vf_all((float)rule->beta2);
  const vf rest1 = vf_all((float)(1 - rule->beta1)), rest2 = vf_all((float)(1 - rule->beta2));
  const vf m_step = vf_all(rule->m_step), g_step = vf_all(rule->g_step);
  const vf root_scale = vf_all(rule->root_scale), epsilon = vf_all(rule->epsilon);
  vi bad = {0};
  RK_EACH_VECTOR(count, {
    vf parameter = vf_load_part(w + i, n);
    vf gradient = vf_gradient(g ? g + i : g, n, clip, l2, parameter);
    vf mean = vf_fma(beta1, vf_load_part(m + i, n), rest1 * gradient);
    vf u = vf_fma(beta2, vf_load_part(v + i, n), rest2 * gradient * gradient);
    vf_store_part(m + i, mean, n);
    vf_store_part(v + i, u, n);
    if (maximum) {
      u = vf_max_or_nan(vf_load_part(maximum + i, n), u);
      vf_store_part(maximum + i, u, n);
    }
    vf step = vf_fma(m_step, mean, g_step * gradient);
    vf scale = vf_fma(vf_sqrt(u), root_scale, epsilon);
    vf result = decay * parameter - step / scale;
    vf_store_part(w + i, result, n);
    bad |= vf_not_finite(result, n);
  });
  return vi_none(bad);
}

/// √u with epsilon under the root or beside it.
RK_INLINE vf vf_root_scale(vf u, vf epsilon, bool inside) {
  return inside ? vf_sqrt(u + epsilon) : vf_sqrt(u) + epsilon;
}

static bool k_update_rmsprop(
  const rk_rmsprop *rule, float *w, const float *g, float *v, float *mean,
  float *buffer, int64_t count) {
  const vf clip = vf_all(rule->clip), l2 = vf_all(rule->l2), decay = vf_all(rule->decay);
  const vf rho = vf_all((float)rule->rho), rest = vf_all((float)(1 - rule->rho));
  const vf epsilon = vf_all(rule->epsilon), momentum = vf_all(rule->momentum);
  const vf gradient_scale = vf_all(rule->gradient_scale), step_scale = vf_all(rule->step_scale);
  const bool inside = rule->epsilon_inside;
  vi bad = {0};
  RK_EACH_VECTOR(count, {
    vf parameter = vf_load_part(w + i, n);
    vf gradient = vf_gradient(g ? g + i : g, n, clip, l2, parameter);
    vf u = vf_fma(rho, vf_load_part(v + i, n), rest * gradient * gradient);
    vf_store_part(v + i, u, n);
    if (mean) {
      vf average = vf_fma(rho, vf_load_part(mean + i, n), rest * gradient);
      vf_store_part(mean + i, average, n);
      // A variance, which rounding may bring below 0.
      u = vf_max(vf_fma(-average, average, u), vf_all(0.0f));
    }
    vf step = gradient_scale * (gradient / vf_root_scale(u, epsilon, inside));
    if (buffer) {
      step = vf_fma(momentum, vf_load_part(buffer + i, n), step);
      vf_store_part(buffer + i, step, n);
    }
    vf result = vf_fma(-step_scale, step, decay * parameter);
    vf_store_part(w + i, result, n);
    bad |= vf_not_finite(result, n);
  });
  return vi_none(bad);
}

static bool k_update_adagrad(
  const rk_adagrad *rule, float *w, const float *g, float *s, int64_t count) {
  const vf clip = vf_all(rule->clip), l2 = vf_all(rule->l2), decay = vf_all(rule->decay);
  const vf step = vf_all(rule->step), epsilon = vf_all(rule->epsilon);
  const bool inside = rule->epsilon_inside;
  vi bad = {0};
  RK_EACH_VECTOR(count, {
    vf parameter = vf_load_part(w + i, n);
    vf gradient = vf_gradient(g ? g + i : g, n, clip, l2, parameter);
    vf sum = vf_fma(gradient, gradient, vf_load_part(s + i, n));
    vf_store_part(s + i, sum, n);
    vf change = step * gradient / vf_root_scale(sum, epsilon, inside);
    vf result = decay * parameter - change;
    vf_store_part(w + i, result, n);
    bad |= vf_not_finite(result, n);
  });
  return vi_none(bad);
}

static void k_update_average(float share, const float *w, float *average, int64_t count) {
  const vf s = vf_all(share);
  RK_EACH_VECTOR(count, {
    vf a = vf_load_part(average + i, n);
    vf_store_part(average + i, vf_fma(s, vf_load_part(w + i, n) - a, a), n);
  });
}
