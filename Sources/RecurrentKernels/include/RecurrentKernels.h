// The arithmetic of Recurrent, on plain pointers. Knows nothing of tensors.
//
// Each instruction set implements one table of functions (`rk_kernels`); `rk_kernels_current` picks
// the best one of the machine once, or the one that the environment variable RECURRENT_KERNELS names.
// Kernels do not allocate, do not fail, hold no state, and may run on any number of threads at once.
//
// Shapes by letter: B batch, T time, I input size, H hidden size, G gates of a cell (4, 3 or 1), N valid
// steps of a batch (the sum of its lengths). Matrices are row-major float32.
//
// Same bits: an element of a matrix product accumulates over the depth in ascending order, one fused
// multiply-add a term, starting from its start value. Nothing else in the call changes it: not the number
// of rows, not the vector width, not the tile it falls in.

#ifndef RECURRENT_KERNELS_H
#define RECURRENT_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

// MARK: Matrix product

/// C = start + A·B. Element (m, k) of A is a[row(m)·a_row_stride + depth(k)·a_depth_stride], element (k, n) of
/// B is b[k·b_depth_stride + n·b_column_stride], element (m, n) of C is c[crow(m)·c_row_stride + n]. With
/// strides, A and B may each be transposed. One stride of A and one of B must be 1.
typedef struct rk_matrix_product {
  int64_t rows, columns, depth;
  const float *a;
  int64_t a_row_stride, a_depth_stride;
  const float *b;
  int64_t b_depth_stride, b_column_stride;
  float *c;
  int64_t c_row_stride;
  /// [rows] row(m), [depth] depth(k), [rows] crow(m); null: the identity.
  const int32_t *_Nullable a_row_index, *_Nullable a_depth_index, *_Nullable c_row_index;
  /// [columns] the start value of every row; null: 0. Must be null when `accumulate`.
  const float *_Nullable bias;
  /// Start from what C holds.
  bool accumulate;
  /// Another product with the same B, columns and depth, which is then packed only once; null: none.
  const struct rk_matrix_product *_Nullable also;
} rk_matrix_product;

/// Floats of workspace that `rk_multiply` needs for a product of this size; of several that share B, the most rows count.
int64_t rk_multiply_workspace(int64_t rows, int64_t columns, int64_t depth);
void rk_multiply(const rk_matrix_product *product, float *workspace);

// MARK: Recurrent sequences

/// Gate order inside a row of G·H: LSTM i f g o; GRU r z n; simple RNN one.
typedef enum {
  RK_CELL_LSTM,             ///< i f o sigmoid, g tanh; c' = f·c + i·g; h' = o·tanh(c')
  RK_CELL_GRU_RESET_AFTER,  ///< n = tanh(Wx + b + r·(Uh + b')); h' = (1 - z)·n + z·h
  RK_CELL_GRU_RESET_BEFORE, ///< n = tanh(Wx + b + U(r·h)); h' = (1 - z)·n + z·h
  RK_CELL_RNN_TANH,         ///< h' = tanh(Wx + b + Uh)
  RK_CELL_RNN_RELU,         ///< h' = max(0, Wx + b + Uh)
} rk_cell;

/// G: 4 for LSTM, 3 for GRU, 1 for simple RNN.
int32_t rk_cell_gates(rk_cell cell);

/// How the rows of a batch run through time. Rows are sorted by length, longest first, so the rows still
/// running at step s are the first `active[s]`. Values kept for the backward pass stand in packed order:
/// row j of step s is packed row offset[s] + j, N in all.
typedef struct {
  int32_t rows;                        ///< B
  int32_t steps;                       ///< the longest length
  const int32_t *batch_row;            ///< [B] the batch row of sorted row j
  const int32_t *length;               ///< [B] the length of sorted row j
  const int32_t *active;               ///< [steps]
  const int64_t *offset;               ///< [steps]
  bool reverse;                        ///< step s of a row of length L stands at time L - 1 - s instead of s
} rk_sequence_layout;

/// Weights of a layer as they stand in tensors: input [I, G·H], recurrent [H, G·H], bias [G·H].
typedef struct {
  rk_cell cell;
  int32_t input_size, hidden_size;
  const float *input_weights;
  const float *recurrent_weights;
  const float *_Nullable bias;           ///< b, null: 0
  const float *_Nullable recurrent_bias; ///< b', null: 0. Outside the reset product it is simply added to b.
} rk_cell_weights;

/// Floats of the packed weights for the forward pass.
int64_t rk_forward_weights_size(rk_cell cell, int32_t input_size, int32_t hidden_size);
void rk_pack_forward_weights(const rk_cell_weights *weights, float *packed);

/// The forward pass of a layer over a batch. An element's sum runs over b (with b' where it may be added), then
/// the input features, then the hidden units.
typedef struct {
  rk_cell cell;
  int32_t input_size, hidden_size;
  const rk_sequence_layout *layout;
  const float *packed_weights;
  const float *x;                      ///< [B, T, I]
  int64_t x_row_stride, x_step_stride;
  float *out;                          ///< [B, T, H]; steps beyond a row's length are not touched
  int64_t out_row_stride, out_step_stride;
  float *h;                            ///< [B, H] in: initial hidden state, out: that of the last valid step
  float *_Nullable c;                  ///< [B, H] the same for the cell state (LSTM)
  /// Kept for the backward pass, in packed order; both null when there is none.
  /// gates [N, G·H]: the activated gates (not used by the simple RNN's forward pass).
  /// extra [N, H]: LSTM c'; GRU reset after: Uh + b' of n; GRU reset before: r·h; simple RNN: null.
  float *_Nullable gates;
  float *_Nullable extra;
} rk_sequence_forward;

/// Floats of workspace that one thread of `rk_run_forward` needs.
int64_t rk_forward_workspace(rk_cell cell, int32_t rows, int32_t input_size, int32_t hidden_size);
/// Runs the share `part` of `parts` of the rows through all steps. Shares touch disjoint rows.
void rk_run_forward(const rk_sequence_forward *pass, int32_t part, int32_t parts, float *workspace);

int64_t rk_backward_weights_size(rk_cell cell, int32_t input_size, int32_t hidden_size);
void rk_pack_backward_weights(const rk_cell_weights *weights, float *packed);

/// The backward pass through time: gradients of the gates' pre-activations and of the initial state. What is
/// left (weights, bias, input) are matrix products over the packed rows.
typedef struct {
  rk_cell cell;
  int32_t input_size, hidden_size;
  const rk_sequence_layout *layout;
  const float *packed_weights;         ///< of rk_pack_backward_weights
  const float *out;                    ///< [B, T, H] the outputs of the forward pass
  int64_t out_row_stride, out_step_stride;
  const float *h;                      ///< [B, H] the initial hidden state
  const float *_Nullable c;            ///< [B, H] the initial cell state (LSTM)
  /// In: what the forward pass kept. Out: gates [N, G·H] the gradients of the pre-activations (of Wx + b);
  /// extra [N, H]: GRU reset after: the gradient of Uh + b' of n; others: unspecified, but GRU reset before keeps r·h.
  float *gates;
  float *_Nullable extra;
  const float *_Nullable out_gradient; ///< [B, T, H], null: 0
  int64_t out_gradient_row_stride, out_gradient_step_stride;
  float *h_gradient;                   ///< [B, H] in: of the final, out: of the initial hidden state
  float *_Nullable c_gradient;         ///< [B, H] the same for the cell state (LSTM)
} rk_sequence_backward;

int64_t rk_backward_workspace(rk_cell cell, int32_t rows, int32_t input_size, int32_t hidden_size);
void rk_run_backward(const rk_sequence_backward *pass, int32_t part, int32_t parts, float *workspace);

// MARK: Elementwise

/// y = f(x).
typedef enum {
  RK_EXP, RK_LOG, RK_SQRT, RK_ABS, RK_TANH, RK_SIGMOID, RK_RELU, RK_SOFTPLUS,
  RK_GELU,  ///< x·Φ(x), by the error function
  RK_NEGATE, RK_SQUARE, RK_RECIPROCAL
} rk_function;
void rk_map(rk_function function, const float *x, float *y, int64_t count);
/// dx += dy·f'(x), where y = f(x). At a kink (ReLU and abs at 0) the derivative is 0.
void rk_map_gradient(
  rk_function function, const float *x, const float *y, const float *dy, float *dx, int64_t count);

/// y = a ∘ b; a stride is 1, or 0 for one value that stands for all.
typedef enum { RK_ADD, RK_SUBTRACT, RK_MULTIPLY, RK_DIVIDE, RK_MAXIMUM, RK_MINIMUM } rk_operator;
void rk_combine(
  rk_operator op, const float *a, int64_t a_stride, const float *b, int64_t b_stride, float *y,
  int64_t count);
/// y += scale·x
void rk_add_scaled(float scale, const float *x, float *y, int64_t count);
/// y = scale·x + shift
void rk_scale(float scale, float shift, const float *x, float *y, int64_t count);

// MARK: Reductions (of one fixed shape: sixteen running sums, then a tree)

float rk_sum(const float *x, int64_t count);
float rk_dot(const float *x, const float *y, int64_t count);
float rk_maximum(const float *x, int64_t count);
/// Sum of squares in double precision, for norms.
double rk_sum_of_squares(const float *x, int64_t count);
/// True if no element is infinite or not a number.
bool rk_all_finite(const float *x, int64_t count);
/// y[n] (+)= the sum over rows m of x[m·row_stride + n], in order of m.
void rk_column_sums(
  const float *x, int64_t rows, int64_t columns, int64_t row_stride, bool accumulate, float *y);

/// Of each row of x [rows, columns].
void rk_softmax(const float *x, float *y, int64_t rows, int64_t columns);
void rk_log_softmax(const float *x, float *y, int64_t rows, int64_t columns);
/// dx += the gradient, where y is the (log-)softmax.
void rk_softmax_gradient(const float *y, const float *dy, float *dx, int64_t rows, int64_t columns);
void rk_log_softmax_gradient(
  const float *y, const float *dy, float *dx, int64_t rows, int64_t columns);

// MARK: Optimizer updates, in place, one pass over a parameter w with its gradient g

// Decay rates are doubles: 1 - rate is then right to the last bit, which it is not when the rate has been rounded to
// a float (0.001 would be off by 1e-5).

/// g' = g + l2·w; buffer = momentum·buffer + gradient_scale·(1 - dampening)·g' (or gradient_scale·g' if `first`);
/// step = nesterov ? gradient_scale·g' + momentum·buffer : buffer; w = decay·w - step_scale·step.
/// Without momentum the buffer is null and step = gradient_scale·g'.
typedef struct {
  float l2, decay, momentum;
  double dampening;
  float gradient_scale, step_scale;
  bool nesterov, first;
} rk_sgd;
void rk_update_sgd(
  const rk_sgd *rule, float *w, const float *g, float *_Nullable buffer, int64_t count);

/// g' = g + l2·w; w *= decay; m = beta1·m + (1-beta1)·g'; v = beta2·v + (1-beta2)·g'²; u = maximum ? (maximum = max(maximum, v)) : v;
/// w -= (m_step·m + g_step·g') / (√u·root_scale + epsilon).
typedef struct {
  float l2, decay;
  double beta1, beta2;
  float m_step, g_step, root_scale, epsilon;
} rk_adam;
void rk_update_adam(
  const rk_adam *rule, float *w, const float *g, float *m, float *v, float *_Nullable maximum,
  int64_t count);

/// g' = g + l2·w; w *= decay; v = rho·v + (1-rho)·g'²; u = mean ? (mean = rho·mean + (1-rho)·g'; v - mean²) : v;
/// d = g' / (epsilon_inside ? √(u + epsilon) : √u + epsilon);
/// step = buffer ? (buffer = momentum·buffer + gradient_scale·d) : gradient_scale·d; w -= step_scale·step.
typedef struct {
  float l2, decay;
  double rho;
  float epsilon, momentum, gradient_scale, step_scale;
  bool epsilon_inside;
} rk_rmsprop;
void rk_update_rmsprop(
  const rk_rmsprop *rule, float *w, const float *g, float *v, float *_Nullable mean,
  float *_Nullable buffer, int64_t count);

/// g' = g + l2·w; w *= decay; s += g'²; w -= step·g' / (epsilon_inside ? √(s + epsilon) : √s + epsilon).
typedef struct {
  float l2, decay, step, epsilon;
  bool epsilon_inside;
} rk_adagrad;
void rk_update_adagrad(const rk_adagrad *rule, float *w, const float *g, float *s, int64_t count);

// MARK: Paths

/// One implementation of every kernel above, under the same names without `rk_`. Packed weights belong to the table
/// that packed them.
typedef struct {
  const char *name;  ///< "portable", "avx2", "avx512", "neon"
  int32_t lanes;     ///< floats in a vector
  int64_t (*multiply_workspace)(int64_t, int64_t, int64_t);
  void (*multiply)(const rk_matrix_product *, float *);
  int64_t (*forward_weights_size)(rk_cell, int32_t, int32_t);
  void (*pack_forward_weights)(const rk_cell_weights *, float *);
  int64_t (*forward_workspace)(rk_cell, int32_t, int32_t, int32_t);
  void (*run_forward)(const rk_sequence_forward *, int32_t, int32_t, float *);
  int64_t (*backward_weights_size)(rk_cell, int32_t, int32_t);
  void (*pack_backward_weights)(const rk_cell_weights *, float *);
  int64_t (*backward_workspace)(rk_cell, int32_t, int32_t, int32_t);
  void (*run_backward)(const rk_sequence_backward *, int32_t, int32_t, float *);
  void (*map)(rk_function, const float *, float *, int64_t);
  void (*map_gradient)(
    rk_function, const float *, const float *, const float *, float *, int64_t);
  void (*combine)(rk_operator, const float *, int64_t, const float *, int64_t, float *, int64_t);
  void (*add_scaled)(float, const float *, float *, int64_t);
  void (*scale)(float, float, const float *, float *, int64_t);
  float (*sum)(const float *, int64_t);
  float (*dot)(const float *, const float *, int64_t);
  float (*maximum)(const float *, int64_t);
  double (*sum_of_squares)(const float *, int64_t);
  bool (*all_finite)(const float *, int64_t);
  void (*column_sums)(const float *, int64_t, int64_t, int64_t, bool, float *);
  void (*softmax)(const float *, float *, int64_t, int64_t);
  void (*log_softmax)(const float *, float *, int64_t, int64_t);
  void (*softmax_gradient)(const float *, const float *, float *, int64_t, int64_t);
  void (*log_softmax_gradient)(const float *, const float *, float *, int64_t, int64_t);
  void (*update_sgd)(const rk_sgd *, float *, const float *, float *_Nullable, int64_t);
  void (*update_adam)(
    const rk_adam *, float *, const float *, float *, float *, float *_Nullable, int64_t);
  void (*update_rmsprop)(
    const rk_rmsprop *, float *, const float *, float *, float *_Nullable, float *_Nullable,
    int64_t);
  void (*update_adagrad)(const rk_adagrad *, float *, const float *, float *, int64_t);
} rk_kernels;

/// Number of tables built into this binary, and one of them, best first. Null where the machine lacks its instructions.
int32_t rk_path_count(void);
const rk_kernels *_Nullable rk_path(int32_t index);

/// The table that the functions above use: the best of the machine, or the one named by RECURRENT_KERNELS.
const rk_kernels *rk_kernels_current(void);
/// False when RECURRENT_KERNELS names a path that is not there (the best one is used then).
bool rk_kernels_choice_honoured(void);

#pragma clang assume_nonnull end

#endif
