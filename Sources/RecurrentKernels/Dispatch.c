// Every decision about which instructions run, in one place.

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "Paths.h"

_Thread_local rk_thread rk_this_thread;

/// Best first. NEON has no file of its own: it is the baseline of arm64.
static const rk_kernels *const tables[] = {
#if defined(__x86_64__)
  &rk_kernels_avx512,
  &rk_kernels_avx2,
#endif
  &rk_kernels_baseline,
};

enum { TABLE_COUNT = sizeof tables / sizeof *tables };

static bool machine_runs(const rk_kernels *table) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (table == &rk_kernels_avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
      && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
      && __builtin_cpu_supports("fma");
  if (table == &rk_kernels_avx2)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
  return table == &rk_kernels_baseline;
}

int32_t rk_path_count(void) { return TABLE_COUNT; }

const rk_kernels *rk_path(int32_t index) {
  if (index < 0 || index >= TABLE_COUNT) return NULL;
  return machine_runs(tables[index]) ? tables[index] : NULL;
}

/// The table that RECURRENT_KERNELS names, if it names one that runs here.
static const rk_kernels *named(const char *name) {
  for (int32_t i = 0; i < TABLE_COUNT; i++)
    if (strcmp(tables[i]->name, name) == 0) return rk_path(i);
  return NULL;
}

static const char *name_asked_for(void) {
  const char *name = getenv("RECURRENT_KERNELS");
  return name && *name ? name : NULL;
}

static const rk_kernels *choose(void) {
  const char *name = name_asked_for();
  const rk_kernels *table = name ? named(name) : NULL;
  for (int32_t i = 0; !table; i++) table = rk_path(i);
  return table;
}

const rk_kernels *rk_kernels_current(void) {
  // Two threads that choose at once choose the same.
  static _Atomic(const rk_kernels *) chosen = NULL;
  const rk_kernels *table = atomic_load_explicit(&chosen, memory_order_acquire);
  if (!table) {
    table = choose();
    atomic_store_explicit(&chosen, table, memory_order_release);
  }
  return table;
}

const rk_kernels *rk_kernels_for_steps(int32_t units) {
  const rk_kernels *current = rk_kernels_current();
#if defined(__x86_64__)
  // Not the portable table, which has to compute fused multiply-adds.
  if (current == &rk_kernels_avx512 && units <= rk_kernels_avx2.lanes && machine_runs(&rk_kernels_avx2))
    return &rk_kernels_avx2;
#endif
  return current;
}

bool rk_kernels_choice_honoured(void) {
  const char *name = name_asked_for();
  return !name || named(name) == rk_kernels_current();
}

int32_t rk_cell_gates(rk_cell cell) {
  switch (cell) {
  case RK_CELL_LSTM: return 4;
  case RK_CELL_LSTM_COUPLED:
  case RK_CELL_GRU_RESET_AFTER:
  case RK_CELL_GRU_RESET_BEFORE: return 3;
  case RK_CELL_RNN_TANH:
  case RK_CELL_RNN_RELU: return 1;
  }
}

// MARK: The functions of the header, each by the current table

#define CURRENT rk_kernels_current()

int64_t rk_multiply_workspace(int64_t rows, int64_t columns, int64_t depth) {
  return CURRENT->multiply_workspace(rows, columns, depth);
}

void rk_multiply(const rk_matrix_product *product, float *workspace) {
  CURRENT->multiply(product, workspace);
}

int64_t rk_packed_product_size(int64_t columns, int64_t depth) {
  return CURRENT->packed_product_size(columns, depth);
}

void rk_pack_product(const rk_matrix_product *product, float *packed) {
  CURRENT->pack_product(product, packed);
}

int64_t rk_forward_weights_size(const rk_cell_weights *weights) {
  return CURRENT->forward_weights_size(weights);
}

void rk_pack_forward_weights(const rk_cell_weights *weights, float *packed) {
  CURRENT->pack_forward_weights(weights, packed);
}

void rk_multiply_input(const rk_sequence_forward *pass, int32_t part, int32_t parts) {
  CURRENT->multiply_input(pass, part, parts);
}

int64_t rk_forward_workspace(const rk_sequence_forward *pass) {
  return CURRENT->forward_workspace(pass);
}

void rk_run_forward(
  const rk_sequence_forward *pass, int32_t part, int32_t parts, float *workspace) {
  CURRENT->run_forward(pass, part, parts, workspace);
}

int64_t rk_backward_weights_size(const rk_cell_weights *weights) {
  return CURRENT->backward_weights_size(weights);
}

void rk_pack_backward_weights(const rk_cell_weights *weights, float *packed) {
  CURRENT->pack_backward_weights(weights, packed);
}

int64_t rk_backward_workspace(const rk_sequence_backward *pass) {
  return CURRENT->backward_workspace(pass);
}

void rk_run_backward(
  const rk_sequence_backward *pass, int32_t part, int32_t parts, float *workspace) {
  CURRENT->run_backward(pass, part, parts, workspace);
}

void rk_run_scan(const rk_scan_forward *pass, int32_t part, int32_t parts) {
  CURRENT->run_scan(pass, part, parts);
}

void rk_run_scan_backward(const rk_scan_backward *pass, int32_t part, int32_t parts) {
  CURRENT->run_scan_backward(pass, part, parts);
}

void rk_map(rk_function function, const float *x, float *y, int64_t count) {
  CURRENT->map(function, x, y, count);
}

void rk_map_gradient(
  rk_function function, const float *x, const float *y, const float *dy, float *dx, int64_t count) {
  CURRENT->map_gradient(function, x, y, dy, dx, count);
}

void rk_combine(
  rk_operator op, const float *a, int64_t a_stride, const float *b, int64_t b_stride, float *y,
  int64_t count) {
  CURRENT->combine(op, a, a_stride, b, b_stride, y, count);
}

void rk_gate(float *gate, const float *x, float *y, int64_t count) {
  CURRENT->gate(gate, x, y, count);
}

void rk_gate_gradient(float *gate, const float *x, float *dy, int64_t count) {
  CURRENT->gate_gradient(gate, x, dy, count);
}

void rk_add_scaled(float scale, const float *x, float *y, int64_t count) {
  CURRENT->add_scaled(scale, x, y, count);
}

void rk_scale(float scale, float shift, const float *x, float *y, int64_t count) {
  CURRENT->scale(scale, shift, x, y, count);
}

void rk_apply_mask(
  const rk_mask *mask, int64_t first, const float *x, float *y, int64_t count) {
  CURRENT->apply_mask(mask, first, x, y, count);
}

float rk_sum(const float *x, int64_t count) { return CURRENT->sum(x, count); }

float rk_dot(const float *x, const float *y, int64_t count) { return CURRENT->dot(x, y, count); }

float rk_maximum(const float *x, int64_t count) { return CURRENT->maximum(x, count); }

double rk_sum_of_squares(const float *x, int64_t count) {
  return CURRENT->sum_of_squares(x, count);
}

void rk_add_squares(const float *x, int64_t count, int64_t first, double *sums) {
  CURRENT->add_squares(x, count, first, sums);
}

bool rk_all_finite(const float *x, int64_t count) { return CURRENT->all_finite(x, count); }

void rk_column_sums(
  const float *x, int64_t rows, int64_t columns, int64_t row_stride, bool accumulate, float *y) {
  CURRENT->column_sums(x, rows, columns, row_stride, accumulate, y);
}

void rk_softmax(const float *x, float *y, int64_t rows, int64_t columns) {
  CURRENT->softmax(x, y, rows, columns);
}

void rk_log_softmax(const float *x, float *y, int64_t rows, int64_t columns) {
  CURRENT->log_softmax(x, y, rows, columns);
}

void rk_softmax_gradient(
  const float *y, const float *dy, float *dx, int64_t rows, int64_t columns) {
  CURRENT->softmax_gradient(y, dy, dx, rows, columns);
}

void rk_log_softmax_gradient(
  const float *y, const float *dy, float *dx, int64_t rows, int64_t columns) {
  CURRENT->log_softmax_gradient(y, dy, dx, rows, columns);
}

void rk_run_cross_entropy(
  const rk_cross_entropy *rule, float *x, int64_t rows, const int32_t *classes, float *losses) {
  CURRENT->run_cross_entropy(rule, x, rows, classes, losses);
}

void rk_run_nade(
  const rk_nade *nade, int64_t first, int64_t end, float *logits, float *workspace) {
  CURRENT->run_nade(nade, first, end, logits, workspace);
}

void rk_run_nade_backward(
  const rk_nade *nade, int64_t rows, int64_t first, int64_t end, const float *logit_gradient,
  float *bias_gradient, float *weight_gradient, float *output_weight_gradient, float *workspace) {
  CURRENT->run_nade_backward(
    nade, rows, first, end, logit_gradient, bias_gradient, weight_gradient, output_weight_gradient, workspace);
}

bool rk_update_sgd(const rk_sgd *rule, float *w, const float *g, float *buffer, int64_t count) {
  return CURRENT->update_sgd(rule, w, g, buffer, count);
}

bool rk_update_adam(
  const rk_adam *rule, float *w, const float *g, float *m, float *v, float *maximum,
  int64_t count) {
  return CURRENT->update_adam(rule, w, g, m, v, maximum, count);
}

bool rk_update_rmsprop(
  const rk_rmsprop *rule, float *w, const float *g, float *v, float *mean, float *buffer,
  int64_t count) {
  return CURRENT->update_rmsprop(rule, w, g, v, mean, buffer, count);
}

bool rk_update_adagrad(const rk_adagrad *rule, float *w, const float *g, float *s, int64_t count) {
  return CURRENT->update_adagrad(rule, w, g, s, count);
}

void rk_update_average(float share, const float *w, float *average, int64_t count) {
  CURRENT->update_average(share, w, average, count);
}

void rk_range(const float *x, int64_t count, float *least, float *most) {
  CURRENT->range(x, count, least, most);
}

void rk_round_to_bytes(float scale, float zero, const float *x, uint8_t *bytes, int64_t count) {
  CURRENT->round_to_bytes(scale, zero, x, bytes, count);
}

int64_t rk_packed_bytes_size(int64_t columns, int64_t depth) {
  return CURRENT->packed_bytes_size(columns, depth);
}

void rk_pack_bytes(const int8_t *b, int64_t columns, int64_t depth, int8_t *packed) {
  CURRENT->pack_bytes(b, columns, depth, packed);
}

void rk_multiply_bytes(
  const uint8_t *a, int64_t rows, const int8_t *packed, int64_t columns, int64_t depth, int32_t *c) {
  CURRENT->multiply_bytes(a, rows, packed, columns, depth, c);
}

void rk_floats_of_sums(
  const rk_byte_columns *b, const int32_t *products, int32_t row_sum, float scale, int32_t zero,
  const float *start, float *y) {
  CURRENT->floats_of_sums(b, products, row_sum, scale, zero, start, y);
}

void rk_lstm_step(int64_t units, const float *z, float *c, float *h) {
  CURRENT->lstm_step(units, z, c, h);
}

float rk_multiply_add_rounds(int64_t rounds, float start) {
  return CURRENT->multiply_add_rounds(rounds, start);
}
