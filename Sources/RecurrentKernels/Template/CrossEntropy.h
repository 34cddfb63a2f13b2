// Cross-entropy of rows of logits, and its gradient in their place. `Reductions.h` stands before.

static void k_run_cross_entropy(
  const rk_cross_entropy *rule, float *x, int64_t rows, const int32_t *classes, float *losses) {
  const int64_t columns = rule->columns;
  const float *weights = rule->class_weights;
  const bool smooths = rule->smoothing != 0.0f;
  for (int64_t m = 0; m < rows; ++m, x += columns) {
    const int64_t class = classes[m];
    const float largest = k_maximum(x, columns);
    const vf maximum = vf_all(largest);
    rk_running sums = running_all(0.0f), weighted = running_all(0.0f);
    RK_REDUCE(columns, sums, {
      // The lanes beyond the row end are -infinity: they add 0.
      *s += vf_exp_of_negative(vf_load_part_or(x + i, n, -__builtin_inff()) - maximum);
    });
    if (smooths)
      RK_REDUCE(columns, weighted, {
        vf below = vf_load_part_or(x + i, n, largest) - maximum;
        *s = vf_fma(weights ? vf_load_part(weights + i, n) : vf_all(1.0f), below, *s);
      });
    const float sum = running_sum(&sums);
    const float log_sum = vf_log(vf_all(sum))[0];
    const float own = rule->own * (weights ? weights[class] : 1.0f);
    const float loss = own * (log_sum - (x[class] - largest));
    losses[m] = smooths
      ? loss + rule->smoothing * (rule->weight_sum * log_sum - running_sum(&weighted)) : loss;
    if (!rule->gradients) continue;
    // x_j = scale·((own + s·Σ w)·p_j - s·w_j), and -scale·own more for the class.
    const float scale = rule->gradient_scale;
    const vf all = vf_all(scale * (own + rule->smoothing * rule->weight_sum));
    const vf total = vf_all(sum), share = vf_all(scale * rule->smoothing);
    RK_EACH_VECTOR(columns, {
      vf d = all * (vf_exp_of_negative(vf_load_part(x + i, n) - maximum) / total);
      if (smooths) d -= weights ? share * vf_load_part(weights + i, n) : share;
      vf_store_part(x + i, d, n);
    });
    x[class] -= scale * own;
  }
}
