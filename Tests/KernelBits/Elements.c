// Element by element, reductions, softmax and optimizers.

#include "Case.h"

static const int64_t counts[] = {0, 1, 2, 3, 5, 15, 16, 17, 31, 100, 191, 192, 193, 400, 1003};

static const int64_t row_counts[] = {0, 1, 7, 8, 9, 191, 192, 193, 400};

// MARK: Elementwise

static const char *const function_names[] = {
  "identity", "exp", "log", "sqrt", "abs", "tanh", "sigmoid", "relu", "softplus", "gelu", "silu", "elu", "leaky-relu",
  "leaky-relu-keras", "selu", "softsign", "hard-sigmoid", "hard-sigmoid-onnx", "negate", "square", "reciprocal"};

static void map_case(rk_function function, int64_t count, bool wild) {
  begin_case("map %s %lld%s", function_names[function], (long long)count, wild ? " wild" : "");
  const float *x = wild ? wild_floats(count) : random_floats(count, 4);
  float *y = unset(count), *dx = random_floats(count, 1);
  rk_map(function, x, y, count);
  rk_map_gradient(function, x, y, random_floats(count, 1), dx, count);
  add_floats(y, count);
  add_floats(dx, count);
  end_case();
}

static void combine_case(rk_operator operator, int64_t a_stride, int64_t b_stride, int64_t count) {
  static const char *const names[] = {"add", "subtract", "multiply", "divide", "maximum", "minimum"};
  begin_case("combine %s %lld %lld %lld", names[operator], (long long)a_stride, (long long)b_stride, (long long)count);
  float *y = unset(count);
  rk_combine(operator, wild_floats(count), a_stride, wild_floats(count), b_stride, y, count);
  add_floats(y, count);
  end_case();
}

void elements(void) {
  for (int function = 0; function < LENGTH(function_names); function++) {
    map_case((rk_function)function, 1003, false);
    map_case((rk_function)function, 7, false);
    map_case((rk_function)function, 0, false);
    map_case((rk_function)function, 2050, true);
  }
  for (int operator = RK_ADD; operator <= RK_MINIMUM; operator++)
    for (int strides = 0; strides < 4; strides++)
      for (int large = 0; large < 3; large++)
        combine_case((rk_operator)operator, strides & 1, strides >> 1, large == 0 ? 0 : large == 1 ? 21 : 1003);
  for (int i = 0; i < LENGTH(counts); i++) {
    const int64_t count = counts[i];
    begin_case("add-scaled, scale %lld", (long long)count);
    const float *x = random_floats(count, 1);
    float *y = random_floats(count, 1), *z = unset(count);
    rk_add_scaled(0.3f, x, y, count);
    rk_scale(0.7f, -0.1f, x, z, count);
    add_floats(y, count);
    add_floats(z, count);
    end_case();
  }
}

// MARK: Reductions

static void reduction_case(int64_t count, bool wild) {
  begin_case("reduce %lld%s", (long long)count, wild ? " wild" : "");
  const float *x = wild ? wild_floats(count) : random_floats(count, 1), *y = random_floats(count, 1);
  const float results[] = {rk_sum(x, count), rk_dot(x, y, count), rk_maximum(x, count), rk_all_finite(x, count)};
  add_floats(results, LENGTH(results));
  if (!wild) add_double(rk_sum_of_squares(x, count));
  double sums[16] = {0};
  if (!wild) rk_add_squares(x, count, 5, sums);
  for (int lane = 0; lane < 16; lane++) add_double(sums[lane]);
  end_case();
}

static void column_case(int64_t rows, int64_t columns, bool accumulate) {
  begin_case("column-sums %lldx%lld%s", (long long)rows, (long long)columns, accumulate ? " accumulate" : "");
  float *y = random_floats(columns, 1);
  rk_column_sums(random_floats(rows * (columns + 2), 1), rows, columns, columns + 2, accumulate, y);
  add_floats(y, columns);
  end_case();
}

static void softmax_case(int64_t rows, int64_t columns, bool logarithm) {
  begin_case("%ssoftmax %lldx%lld", logarithm ? "log-" : "", (long long)rows, (long long)columns);
  const int64_t count = rows * columns;
  float *x = random_floats(count, 20), *y = unset(count);
  if (rows > 0 && columns > 2) x[columns / 2] = -__builtin_inff();
  const float *dy = random_floats(count, 1);
  float *dx = random_floats(count, 1);
  (logarithm ? rk_log_softmax : rk_softmax)(x, y, rows, columns);
  (logarithm ? rk_log_softmax_gradient : rk_softmax_gradient)(y, dy, dx, rows, columns);
  add_floats(y, count);
  add_floats(dx, count);
  end_case();
}

static void cross_entropy_case(int64_t rows, int64_t columns, bool smooths, bool weighted) {
  begin_case(
    "cross-entropy %lldx%lld%s%s", (long long)rows, (long long)columns, smooths ? " smoothed" : "",
    weighted ? " weighted" : "");
  float *x = random_floats(rows * columns, 20), *losses = unset(rows), *weights = random_floats(columns, 1);
  float sum = 0;
  for (int64_t j = 0; j < columns; j++) sum += weights[j] = __builtin_fabsf(weights[j]);
  int32_t *classes = integers(rows);
  for (int64_t m = 0; m < rows; m++) classes[m] = (int32_t)(m * 7 % columns);
  const rk_cross_entropy rule = {
    .columns = columns, .own = smooths ? 0.9f : 1, .smoothing = smooths ? 0.1f / (float)columns : 0,
    .class_weights = weighted ? weights : NULL, .weight_sum = weighted ? sum : (float)columns, .gradient_scale = 0.3f,
    .gradients = true};
  rk_run_cross_entropy(&rule, x, rows, classes, losses);
  add_floats(x, rows * columns);
  add_floats(losses, rows);
  end_case();
}

static void nade_case(int64_t rows, int64_t variables, int64_t units, bool masked) {
  begin_case("nade %lldx%lld %lld%s", (long long)rows, (long long)variables, (long long)units, masked ? " masked" : "");
  const int64_t biases = rows * (variables + units), weights = variables * units;
  const rk_nade nade = {
    .variables = variables, .units = units, .x = coins(rows * variables), .weights = random_floats(weights, 1),
    .output_weights = random_floats(weights, 1), .biases = random_floats(biases, 2),
    .mask = masked ? coins(rows * units) : NULL};
  float *logits = unset(rows * variables), *workspace = unset((variables + 2) * units);
  rk_run_nade(&nade, 0, rows, logits, workspace);
  float *db = zeros(biases), *dw = random_floats(weights, 1), *dv = random_floats(weights, 1);
  rk_run_nade_backward(&nade, rows, 0, units, random_floats(rows * variables, 1), db, dw, dv, workspace);
  add_floats(logits, rows * variables);
  add_floats(db, biases);
  add_floats(dw, weights);
  add_floats(dv, weights);
  end_case();
}

static void mask_case(int64_t first, int64_t count) {
  begin_case("mask %lld %lld", (long long)first, (long long)count);
  const rk_mask mask = {.seed = 0x123456789abcdef0, .stream = 0xfedcba9876543210, .rate = 0.3f, .low = 0, .high = 2};
  float *draws = unset(count), *y = unset(count);
  rk_apply_mask(&mask, first, NULL, draws, count);
  rk_apply_mask(&mask, first, random_floats(count, 1), y, count);
  add_floats(draws, count);
  add_floats(y, count);
  end_case();
}

void reductions(void) {
  for (int i = 0; i < LENGTH(counts); i++) {
    reduction_case(counts[i], false);
    reduction_case(counts[i], true);
    for (int rows = 0; rows < LENGTH(row_counts); rows++) {
      column_case(row_counts[rows], counts[i], false);
      column_case(row_counts[rows], counts[i], true);
    }
    for (int64_t rows = 0; rows < 5; rows++) {
      softmax_case(rows, counts[i], false);
      softmax_case(rows, counts[i], true);
      for (int options = 0; options < 4; options++)
        if (counts[i] > 0 || rows == 0) cross_entropy_case(rows, counts[i], options & 1, options & 2);
    }
    mask_case(i, counts[i]);
    if (counts[i] > 0)
      for (int masked = 0; masked < 2; masked++) nade_case(i % 4, 1 + i % 3 * 20, counts[i], masked);
  }
}

// MARK: Optimizers

static const double RATE1 = 0.9, RATE2 = 0.999;

/// A parameter and all that an optimizer may keep beside it.
typedef struct {
  int64_t count;
  float *w, *kept, *more, *most;  // `kept` and `more` random, `more` and `most` not negative
} parameter;

static parameter begin_update(const char *name, int variant, int64_t count) {
  begin_case("%s %d %lld", name, variant, (long long)count);
  parameter p = {count, random_floats(count, 1), random_floats(count, 0.1f), random_floats(count, 0.1f), zeros(count)};
  for (int64_t i = 0; i < count; i++) p.more[i] = __builtin_fabsf(p.more[i]);
  return p;
}

static void end_update(const parameter *p) {
  add_floats(p->w, p->count);
  add_floats(p->kept, p->count);
  add_floats(p->more, p->count);
  add_floats(p->most, p->count);
  end_case();
}

static void update_cases(int variant, int64_t count) {
  const bool one = variant & 1, two = variant & 2, three = variant & 4;
  const float l2 = one ? 0.01f : 0, decay = two ? 0.999f : 1, clip = three ? 0.6f : 1;

  parameter p = begin_update("sgd", variant, count);
  for (int step = 0; step < 3; step++) {
    const rk_sgd rule = {
      .clip = clip, .l2 = l2, .decay = decay, .momentum = three ? 0.9f : 0, .dampening = one ? 0.1 : 0, .gradient_scale = 0.7f,
      .step_scale = 0.03f, .nesterov = two, .first = step == 0};
    rk_update_sgd(&rule, p.w, random_floats(count, 1), three ? p.kept : NULL, count);
  }
  end_update(&p);

  p = begin_update("adam", variant, count);
  const rk_adam adam = {
    .clip = clip, .l2 = l2, .decay = decay, .beta1 = RATE1, .beta2 = RATE2, .m_step = 0.01f, .g_step = three ? 0.002f : 0,
    .root_scale = 1.5f, .epsilon = 1e-8f};
  for (int step = 0; step < 3; step++)
    rk_update_adam(&adam, p.w, one && step == 1 ? NULL : random_floats(count, 1), p.kept, p.more, two ? p.most : NULL, count);
  end_update(&p);

  p = begin_update("rmsprop", variant, count);
  const rk_rmsprop rmsprop = {
    .clip = clip, .l2 = l2, .decay = decay, .rho = RATE1, .epsilon = 1e-6f, .momentum = three ? 0.8f : 0, .gradient_scale = 0.9f,
    .step_scale = 0.01f, .epsilon_inside = one};
  for (int step = 0; step < 3; step++)
    rk_update_rmsprop(
      &rmsprop, p.w, random_floats(count, 1), p.more, two ? p.most : NULL, three ? p.kept : NULL, count);
  end_update(&p);

  p = begin_update("adagrad", variant, count);
  const rk_adagrad adagrad = {
    .clip = clip, .l2 = l2, .decay = decay, .step = 0.05f, .epsilon = 1e-7f, .epsilon_inside = three};
  for (int step = 0; step < 3; step++) rk_update_adagrad(&adagrad, p.w, random_floats(count, 1), p.more, count);
  end_update(&p);

  p = begin_update("average", variant, count);
  for (int step = 0; step < 3; step++) rk_update_average(three ? 0.3f : 0.001f, random_floats(count, 1), p.w, count);
  end_update(&p);
}

void optimizers(void) {
  for (int variant = 0; variant < 8; variant++) {
    update_cases(variant, 0);
    update_cases(variant, 5);
    update_cases(variant, 192);
    update_cases(variant, 1003);
  }
}
