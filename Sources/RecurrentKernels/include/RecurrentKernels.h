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

/// Tells the processor that this thread waits for another one's store.
static inline void rk_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// What a thread of the library works for; the library's own, kernels do not look at it.
typedef struct rk_thread {
  void *_Nullable context;  ///< Where it takes threads and buffers from; null: from what all share.
  int32_t recordings;       ///< The tapes that record what it computes.
} rk_thread;

extern _Thread_local rk_thread rk_this_thread;

/// That of the calling thread.
static inline rk_thread *rk_thread_place(void) { return &rk_this_thread; }

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
  /// B as `rk_pack_product` made it, from this product's first column on, which is a multiple of 32; null: B is packed
  /// on the way.
  const float *_Nullable packed_b;
} rk_matrix_product;

/// Floats of workspace that `rk_multiply` needs for a product of this size; of several that share B, the most rows count.
int64_t rk_multiply_workspace(int64_t rows, int64_t columns, int64_t depth);
void rk_multiply(const rk_matrix_product *product, float *workspace);

/// Floats of a packed B, and the packing: for products that share B and come one after the other.
int64_t rk_packed_product_size(int64_t columns, int64_t depth);
void rk_pack_product(const rk_matrix_product *product, float *packed);

// MARK: Recurrent sequences

/// y = f(x), element by element: of tensors, and inside cells.
typedef enum {
  RK_IDENTITY, RK_EXP, RK_LOG, RK_SQRT, RK_ABS, RK_TANH, RK_SIGMOID, RK_RELU, RK_SOFTPLUS,
  RK_GELU,               ///< x·Φ(x), by the error function
  RK_SILU,               ///< x·σ(x)
  RK_ELU,                ///< x above 0, else e^x - 1
  RK_LEAKY_RELU,         ///< x above 0, else x / 100
  RK_LEAKY_RELU_KERAS,   ///< x above 0, else x / 5
  RK_SELU,               ///< λ·x above 0, else λα·(e^x - 1)
  RK_SOFTSIGN,           ///< x / (1 + |x|)
  RK_HARD_SIGMOID,       ///< x / 6 + 1/2, limited to 0 … 1 (Keras 3, PyTorch)
  RK_HARD_SIGMOID_ONNX,  ///< 0.2·x + 0.5, limited to 0 … 1 (ONNX, Keras 2)
  RK_NEGATE, RK_SQUARE, RK_RECIPROCAL
} rk_function;

/// Gate order inside a row of G·H: LSTM i f g o, coupled i g o; GRU r z n; simple RNN one.
typedef enum {
  RK_CELL_LSTM,             ///< i f o sigmoid, g tanh; c' = f·c + i·g; h' = o·tanh(c')
  RK_CELL_LSTM_COUPLED,     ///< the same with f = 1 - i; always with options
  RK_CELL_GRU_RESET_AFTER,  ///< n = tanh(Wx + b + r·(Uh + b')); h' = (1 - z)·n + z·h
  RK_CELL_GRU_RESET_BEFORE, ///< n = tanh(Wx + b + U(r·h)); h' = (1 - z)·n + z·h
  RK_CELL_RNN_TANH,         ///< h' = tanh(Wx + b + Uh)
  RK_CELL_RNN_RELU,         ///< h' = max(0, Wx + b + Uh)
} rk_cell;

/// G: 4 for LSTM, 3 coupled, 3 for GRU, 1 for simple RNN.
int32_t rk_cell_gates(rk_cell cell);

/// How the rows of a batch run through time. Rows are sorted by their number of steps, longest first, so the rows
/// still running at step s are the first `active[s]`. What belongs to a step of a row stands in packed order: row j
/// of step s is packed row offset[s] + j, N in all.
typedef struct {
  int32_t rows;               ///< B
  int32_t steps;              ///< the longest length
  const int32_t *batch_row;   ///< [B] the batch row of sorted row j
  const int32_t *length;      ///< [B] the number of steps of sorted row j
  const int32_t *active;      ///< [steps]
  const int64_t *offset;      ///< [steps]
  const int32_t *place;       ///< [N] where the step stands in values [B, T, F]: row b·T + t of [B·T, F]
} rk_sequence_layout;

/// What packed weights of the forward pass are kept as. Sums are float32 in any case, and their bits those of the
/// float32 weights, which must lie on the grid: the kernels widen each weight to exactly that.
typedef enum {
  RK_FLOAT32,
  RK_BFLOAT16,  ///< the upper half of a float32
  RK_INT8,      ///< q·scale in one rounding, with a whole q in -127 … 127 and one scale a column of each matrix
} rk_weight_format;

/// Weights of a layer as they stand in tensors: input [I, G·H], recurrent [R, G·H], bias [G·H]. R is the size of the
/// hidden state: H, or P with a projection.
typedef struct {
  rk_cell cell;
  int32_t input_size, hidden_size, recurrent_size;
  const float *input_weights;
  const float *recurrent_weights;
  const float *_Nullable bias;           ///< b, null: 0
  const float *_Nullable recurrent_bias; ///< b', null: 0. Outside the reset product it is simply added to b.
  const float *_Nullable projection;     ///< [H, P] (LSTM): h' = (o·tanh(c'))·P; null: none
  rk_weight_format format;               ///< of the matrices, packed for the forward pass; vectors stay float32
  /// [G·H], [G·H], [P] the scales of the matrices' columns (RK_INT8), else null.
  const float *_Nullable input_scales, *_Nullable recurrent_scales, *_Nullable projection_scales;
} rk_cell_weights;

/// What a cell does beyond its plain formula.
typedef struct {
  rk_function gate, activation;           ///< of the gates (σ) and of candidate and cell state (tanh)
  float gate_clip, cell_clip;             ///< sums before activations, and c', stay within ±; infinity: no limit
  const float *_Nullable peepholes;       ///< [3, H] i f o: c of before joins the sums of i and f, c' that of o
  const float *_Nullable recurrent_mask;  ///< [B, R] factors of h in the recurrent product; null: 1
  /// Zoneout: h' = k·h + (1 - k)·h', the same for c. k is this share, or of each step its mask of 0 and 1.
  float zoneout, cell_zoneout;
  const float *_Nullable zoneout_mask;       ///< [N, R] in packed order
  const float *_Nullable cell_zoneout_mask;  ///< [N, H]
} rk_cell_options;

/// Where the threads of one pass wait for each other; zeros at first.
typedef struct {
  int32_t arrived, round;
} rk_meeting;

/// Floats of the packed weights for the forward pass.
int64_t rk_forward_weights_size(const rk_cell_weights *weights);
void rk_pack_forward_weights(const rk_cell_weights *weights, float *packed);

/// The forward pass of a layer over a batch, or over the steps first_step ..< end_step of it. An element's sum runs
/// over b (with b' where it may be added), then the input features, then the hidden units.
typedef struct {
  rk_cell cell;
  int32_t input_size, hidden_size, recurrent_size;
  const rk_sequence_layout *layout;
  int32_t first_step, end_step;        ///< behind step 0, `out` holds the steps before
  const rk_cell_options *_Nullable options;  ///< null: the plain formula
  bool projects;
  rk_weight_format format;             ///< in which the weights were packed
  const float *packed_weights;
  const float *x;                      ///< [B·T, I]
  int64_t x_stride;                    ///< floats from row to row
  /// [N, G·H] in packed order from first_step on: Wx + b, with b' where it may be added, which rk_multiply_input puts
  /// there; null: the steps multiply x. May be where the gates are kept.
  float *_Nullable start;
  /// [N] from first_step on: the row of `start` where a step's sums are, where several share them; null: its own.
  const int32_t *_Nullable start_row;
  float *out;                          ///< [B·T, R]; places that are not in the layout are not touched
  int64_t out_stride;
  bool keeps_out;                      ///< `out` holds these steps already and is not written
  float *h;                            ///< [B, R] in: initial hidden state, out: that of each row's last step
  float *_Nullable c;                  ///< [B, H] in: cell state before first_step, out: after end_step (LSTM)
  /// Kept for the backward pass, in packed order from first_step on; all null when there is none.
  /// gates [N, G·H]: the activated gates (the simple RNN keeps none); with options the sums before activation.
  /// extra [N, H]: LSTM c'; GRU reset after: Uh + b' of n; GRU reset before: r·h; simple RNN: null.
  /// masked [N, R]: h under the recurrent mask, if there is one. unprojected [N, H]: o·tanh(c'), if it is projected.
  float *_Nullable gates;
  float *_Nullable extra;
  float *_Nullable masked;
  float *_Nullable unprojected;
  /// Null: parts share the rows. Else they share the hidden units, for a few rows, all parts running at the same time
  /// (without options and projection).
  rk_meeting *_Nullable meeting;
} rk_sequence_forward;

/// Fills `start`, of all steps at once: the share `part` of `parts` of the units.
void rk_multiply_input(const rk_sequence_forward *pass, int32_t part, int32_t parts);
/// Floats of workspace that one thread of `rk_run_forward` needs.
int64_t rk_forward_workspace(const rk_sequence_forward *pass);
/// Runs the share `part` of `parts` of the rows, or of the units, through the steps.
void rk_run_forward(const rk_sequence_forward *pass, int32_t part, int32_t parts, float *workspace);

int64_t rk_backward_weights_size(const rk_cell_weights *weights);
void rk_pack_backward_weights(const rk_cell_weights *weights, float *packed);

/// The backward pass through the steps end_step - 1 … first_step: gradients of the gates' pre-activations and of the
/// state before. What is left (weights, bias, input) are matrix products over the packed rows.
typedef struct {
  rk_cell cell;
  int32_t input_size, hidden_size, recurrent_size;
  const rk_sequence_layout *layout;
  int32_t first_step, end_step;
  const rk_cell_options *_Nullable options;
  bool projects;
  const float *packed_weights;         ///< of rk_pack_backward_weights
  const float *out;                    ///< [B·T, R] the outputs of the forward pass
  int64_t out_stride;
  const float *h;                      ///< [B, R] the initial hidden state
  const float *_Nullable c;            ///< [B, H] the cell state before first_step (LSTM)
  /// In: what the forward pass kept. Out: gates [N, G·H] the gradients of the pre-activations (of Wx + b);
  /// extra [N, H]: GRU reset after: the gradient of Uh + b' of n; LSTM and GRU reset before: as it was.
  float *gates;
  float *_Nullable extra;
  const float *_Nullable masked;
  float *_Nullable projected_gradient;    ///< [N, R] out: the gradient of what the projection gave
  float *_Nullable peephole_gradient;     ///< [B, 3, H] in and out: the sums over the steps
  const float *_Nullable out_gradient;    ///< [B·T, R], null: 0
  int64_t out_gradient_stride;
  float *h_gradient;                   ///< [B, R] in: of the hidden state behind the steps, out: before them
  float *_Nullable c_gradient;         ///< [B, H] the same for the cell state (LSTM)
  rk_meeting *_Nullable meeting;       ///< as in the forward pass
} rk_sequence_backward;

int64_t rk_backward_workspace(const rk_sequence_backward *pass);
void rk_run_backward(const rk_sequence_backward *pass, int32_t part, int32_t parts, float *workspace);

// MARK: Single steps, of one row, for streams

/// A matrix laid out for one row: `columns` sums, each over a first source, then a second. Packed a panel of vectors after
/// the other; the first `longer` panels have one vector more than the others.
typedef struct rk_row_matrix {
  int64_t first_depth, second_depth;
  int32_t panels, vectors, longer;     ///< vectors of a panel
  int64_t vector_size;                 ///< floats of one of its vectors with all that belongs to it
  const float *packed;
  /// y = start + first·W + second·W' of one row; `start` null: the bias. y is filled up to whole vectors. `backwards` goes
  /// from the last panel to the first, which changes no bit: a step in the other direction than the one before begins with
  /// what is still in the first cache.
  void (*multiply)(
    const struct rk_row_matrix *, const float *_Nullable start, const float *first, const float *second, bool backwards,
    float *y);
} rk_row_matrix;

/// A layer of the plain formula, neither coupled nor projected. The bits are those of `rk_run_forward`.
typedef struct rk_step {
  int32_t hidden_size;
  rk_row_matrix matrices[2];
  const float *recurrent_bias;         ///< GRU, reset after: b' of n
  /// x [I]; h [H] and c [H] (LSTM) before the step, then after it. `backwards` as above.
  void (*run)(
    const struct rk_step *, const float *x, float *h, float *_Nullable c, float *workspace, bool backwards);
} rk_step;

// MARK: Scans

/// h_t = f(p_t + q_t·h_{t-1}) for each unit alone, along the steps of each row.
typedef struct {
  rk_function function;                ///< RK_IDENTITY, RK_TANH or RK_RELU
  int32_t hidden_size;
  const rk_sequence_layout *layout;
  const float *p;                      ///< [B·T, H]
  const float *q;                      ///< [B·T, H], or [H] for all steps
  int64_t q_stride;                    ///< H, or 0 for all steps
  float *out;                          ///< [B·T, H]; places that are not in the layout are not touched
  float *h;                            ///< [B, H] in: before the first step, out: that of each row's last step
} rk_scan_forward;

/// Runs the share `part` of `parts` of the rows. Shares touch disjoint rows.
void rk_run_scan(const rk_scan_forward *pass, int32_t part, int32_t parts);

/// The way back, from the last step to the first.
typedef struct {
  rk_function function;
  int32_t hidden_size;
  const rk_sequence_layout *layout;
  const float *q;
  int64_t q_stride;
  const float *out;                      ///< [B·T, H] of the forward pass
  const float *h;                        ///< [B, H] before the first step
  const float *_Nullable out_gradient;   ///< [B·T, H], null: 0
  float *p_gradient;                     ///< [B·T, H] out; places that are not in the layout are not touched
  /// The same; with one q for all steps [B, H], in and out: the sum over each row's steps.
  float *q_gradient;
  float *h_gradient;                     ///< [B, H] in: of the state after the steps, out: before them
} rk_scan_backward;

void rk_run_scan_backward(const rk_scan_backward *pass, int32_t part, int32_t parts);

// MARK: Elementwise

void rk_map(rk_function function, const float *x, float *y, int64_t count);
/// dx += dy·f'(x), where y = f(x). At a kink (ReLU and abs at 0) the derivative is 0.
void rk_map_gradient(
  rk_function function, const float *x, const float *y, const float *dy, float *dx, int64_t count);

/// y = a ∘ b; a stride is 1, or 0 for one value that stands for all.
typedef enum { RK_ADD, RK_SUBTRACT, RK_MULTIPLY, RK_DIVIDE, RK_MAXIMUM, RK_MINIMUM } rk_operator;
void rk_combine(
  rk_operator op, const float *a, int64_t a_stride, const float *b, int64_t b_stride, float *y,
  int64_t count);
/// y = 2·σ(z)·x, where `gate` holds z and becomes σ(z). y may be x.
void rk_gate(float *gate, const float *x, float *y, int64_t count);
/// The way back, where `gate` holds σ(z) and becomes the gradient of z: dy becomes that of x.
void rk_gate_gradient(float *gate, const float *x, float *dy, int64_t count);
/// y += scale·x
void rk_add_scaled(float scale, const float *x, float *y, int64_t count);
/// y = scale·x + shift
void rk_scale(float scale, float shift, const float *x, float *y, int64_t count);

/// Bernoulli draws: number i of a sequence is `low` where the uniform number i of the generator (Philox 4x32-10 of
/// the key; in [0, 1), a multiple of 2^-24) is below `rate`, else `high`.
typedef struct {
  uint64_t seed, stream;  ///< the key
  float rate, low, high;
} rk_mask;
/// y = the draws first ..< first + count, times x; null: 1.
void rk_apply_mask(
  const rk_mask *mask, int64_t first, const float *_Nullable x, float *y, int64_t count);

// MARK: Reductions (of one fixed shape: sixteen running sums, then a tree)

float rk_sum(const float *x, int64_t count);
float rk_dot(const float *x, const float *y, int64_t count);
float rk_maximum(const float *x, int64_t count);
/// Sum of squares in double precision, for norms.
double rk_sum_of_squares(const float *x, int64_t count);
/// The same of a part: adds the squares of elements that stand from place `first` on to the sixteen running sums.
void rk_add_squares(const float *x, int64_t count, int64_t first, double *sums);
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

/// Cross-entropy of a row of logits x with class c: a·(L - x_c) + s·Σ_j w_j·(L - x_j), where L = log Σ e^x,
/// a = own·w_c. Without label smoothing s is 0 and own 1; w are the classes' weights.
typedef struct {
  int64_t columns;
  float own, smoothing;
  const float *_Nullable class_weights;  ///< [columns], null: 1
  float weight_sum;                      ///< Σ w
  float gradient_scale;
  bool gradients;                        ///< x becomes gradient_scale times the gradient; else it stays
} rk_cross_entropy;
/// Of each row of x [rows, columns] with its class.
void rk_run_cross_entropy(
  const rk_cross_entropy *rule, float *x, int64_t rows, const int32_t *classes, float *losses);

/// A distribution over D binary variables one after the other (NADE) with K hidden units, in which each row has biases
/// of its own: logit_i = b_i + V_i·(m ∘ σ(a_i)), a_i = c + Σ_{j<i} x_j·W_j.
typedef struct {
  int64_t variables, units;      ///< D, K
  const float *x;                ///< [N, D] the variables; all but 0 counts as 1
  const float *weights;          ///< [D, K] W
  const float *output_weights;   ///< [D, K] V
  const float *biases;           ///< [N, D + K] b, c
  const float *_Nullable mask;   ///< [N, K] m, null: 1
} rk_nade;
/// The logits [N, D] of the rows first ..< end. Workspace: 2·K floats.
void rk_run_nade(const rk_nade *nade, int64_t first, int64_t end, float *logits, float *workspace);
/// The way back, for the hidden units first ..< end, which touches only what is theirs: of the biases' gradient
/// [N, D + K] their c, of those of W and V, which it adds to, their columns. b's is that of the logits. Workspace:
/// (D + 2)·(end - first) floats.
void rk_run_nade_backward(
  const rk_nade *nade, int64_t rows, int64_t first, int64_t end, const float *logit_gradient,
  float *bias_gradient, float *weight_gradient, float *output_weight_gradient, float *workspace);

// MARK: Optimizer updates, in place, one pass over a parameter w with its gradient g (null: 0)
//
// `clip` is the factor that clipping gives the gradient. Each says whether all that it wrote to w is finite.

// Decay rates are doubles: 1 - rate is then right to the last bit, which it is not when the rate has been rounded to
// a float (0.001 would be off by 1e-5).

/// g' = clip·g + l2·w; buffer = momentum·buffer + gradient_scale·(1 - dampening)·g' (or gradient_scale·g' if `first`);
/// step = nesterov ? gradient_scale·g' + momentum·buffer : buffer; w = decay·w - step_scale·step.
/// Without momentum the buffer is null and step = gradient_scale·g'.
typedef struct {
  float clip, l2, decay, momentum;
  double dampening;
  float gradient_scale, step_scale;
  bool nesterov, first;
} rk_sgd;
bool rk_update_sgd(
  const rk_sgd *rule, float *w, const float *_Nullable g, float *_Nullable buffer, int64_t count);

/// g' = clip·g + l2·w; w *= decay; m = beta1·m + (1-beta1)·g'; v = beta2·v + (1-beta2)·g'²; u = maximum ? (maximum = max(maximum, v)) : v;
/// w -= (m_step·m + g_step·g') / (√u·root_scale + epsilon).
typedef struct {
  float clip, l2, decay;
  double beta1, beta2;
  float m_step, g_step, root_scale, epsilon;
} rk_adam;
bool rk_update_adam(
  const rk_adam *rule, float *w, const float *_Nullable g, float *m, float *v, float *_Nullable maximum,
  int64_t count);

/// g' = clip·g + l2·w; w *= decay; v = rho·v + (1-rho)·g'²; u = mean ? (mean = rho·mean + (1-rho)·g'; v - mean²) : v;
/// d = g' / (epsilon_inside ? √(u + epsilon) : √u + epsilon);
/// step = buffer ? (buffer = momentum·buffer + gradient_scale·d) : gradient_scale·d; w -= step_scale·step.
typedef struct {
  float clip, l2, decay;
  double rho;
  float epsilon, momentum, gradient_scale, step_scale;
  bool epsilon_inside;
} rk_rmsprop;
bool rk_update_rmsprop(
  const rk_rmsprop *rule, float *w, const float *_Nullable g, float *v, float *_Nullable mean,
  float *_Nullable buffer, int64_t count);

/// g' = clip·g + l2·w; w *= decay; s += g'²; w -= step·g' / (epsilon_inside ? √(s + epsilon) : √s + epsilon).
typedef struct {
  float clip, l2, decay, step, epsilon;
  bool epsilon_inside;
} rk_adagrad;
bool rk_update_adagrad(
  const rk_adagrad *rule, float *w, const float *_Nullable g, float *s, int64_t count);

/// average += share·(w - average).
void rk_update_average(float share, const float *w, float *average, int64_t count);

// MARK: The limit

/// Multiply-adds of one round of `rk_multiply_add_rounds`, on every path.
enum { RK_MULTIPLY_ADDS_OF_A_ROUND = 192 };
/// Does nothing but multiply-adds in registers, x = x/2 + start on each of many x, and returns their mean, which goes to
/// 2·start. Its speed is the limit of every kernel above.
float rk_multiply_add_rounds(int64_t rounds, float start);

// MARK: Paths

/// One implementation of every kernel above, under the same names without `rk_`. Packed weights belong to the table
/// that packed them.
typedef struct {
  const char *name;  ///< "portable", "avx2", "avx512", "neon"
  int32_t lanes;     ///< floats in a vector
  int64_t (*multiply_workspace)(int64_t, int64_t, int64_t);
  void (*multiply)(const rk_matrix_product *, float *);
  int64_t (*packed_product_size)(int64_t, int64_t);
  void (*pack_product)(const rk_matrix_product *, float *);
  int64_t (*forward_weights_size)(const rk_cell_weights *);
  void (*pack_forward_weights)(const rk_cell_weights *, float *);
  void (*multiply_input)(const rk_sequence_forward *, int32_t, int32_t);
  int64_t (*forward_workspace)(const rk_sequence_forward *);
  void (*run_forward)(const rk_sequence_forward *, int32_t, int32_t, float *);
  /// Floats that the packed weights of a single step take, and its workspace; the packing.
  int64_t (*step_weights_size)(const rk_cell_weights *);
  int64_t (*step_workspace)(int32_t hidden_size);
  void (*lay_out_step)(const rk_cell_weights *, float *packed, rk_step *);
  /// The same of bias + x·W, W [depth, columns], of one row.
  int64_t (*row_product_size)(int64_t columns, int64_t depth);
  void (*lay_out_row_product)(
    int64_t columns, int64_t depth, const float *weights, const float *_Nullable bias, float *packed, rk_row_matrix *);
  int64_t (*backward_weights_size)(const rk_cell_weights *);
  void (*pack_backward_weights)(const rk_cell_weights *, float *);
  int64_t (*backward_workspace)(const rk_sequence_backward *);
  void (*run_backward)(const rk_sequence_backward *, int32_t, int32_t, float *);
  void (*run_scan)(const rk_scan_forward *, int32_t, int32_t);
  void (*run_scan_backward)(const rk_scan_backward *, int32_t, int32_t);
  void (*map)(rk_function, const float *, float *, int64_t);
  void (*map_gradient)(
    rk_function, const float *, const float *, const float *, float *, int64_t);
  void (*combine)(rk_operator, const float *, int64_t, const float *, int64_t, float *, int64_t);
  void (*gate)(float *, const float *, float *, int64_t);
  void (*gate_gradient)(float *, const float *, float *, int64_t);
  void (*add_scaled)(float, const float *, float *, int64_t);
  void (*scale)(float, float, const float *, float *, int64_t);
  void (*apply_mask)(const rk_mask *, int64_t, const float *_Nullable, float *, int64_t);
  float (*sum)(const float *, int64_t);
  float (*dot)(const float *, const float *, int64_t);
  float (*maximum)(const float *, int64_t);
  double (*sum_of_squares)(const float *, int64_t);
  void (*add_squares)(const float *, int64_t, int64_t, double *);
  bool (*all_finite)(const float *, int64_t);
  void (*column_sums)(const float *, int64_t, int64_t, int64_t, bool, float *);
  void (*softmax)(const float *, float *, int64_t, int64_t);
  void (*log_softmax)(const float *, float *, int64_t, int64_t);
  void (*softmax_gradient)(const float *, const float *, float *, int64_t, int64_t);
  void (*log_softmax_gradient)(const float *, const float *, float *, int64_t, int64_t);
  void (*run_cross_entropy)(
    const rk_cross_entropy *, float *, int64_t, const int32_t *, float *);
  void (*run_nade)(const rk_nade *, int64_t, int64_t, float *, float *);
  void (*run_nade_backward)(
    const rk_nade *, int64_t, int64_t, int64_t, const float *, float *, float *, float *, float *);
  bool (*update_sgd)(
    const rk_sgd *, float *, const float *_Nullable, float *_Nullable, int64_t);
  bool (*update_adam)(
    const rk_adam *, float *, const float *_Nullable, float *, float *, float *_Nullable, int64_t);
  bool (*update_rmsprop)(
    const rk_rmsprop *, float *, const float *_Nullable, float *, float *_Nullable,
    float *_Nullable, int64_t);
  bool (*update_adagrad)(
    const rk_adagrad *, float *, const float *_Nullable, float *, int64_t);
  void (*update_average)(float, const float *, float *, int64_t);
  float (*multiply_add_rounds)(int64_t, float);
} rk_kernels;

/// Number of tables built into this binary, and one of them, best first. Null where the machine lacks its instructions.
int32_t rk_path_count(void);
const rk_kernels *_Nullable rk_path(int32_t index);

/// The table that the functions above use: the best of the machine, or the one named by RECURRENT_KERNELS.
const rk_kernels *rk_kernels_current(void);
/// The one for single steps of `units` units: AVX2's in place of AVX-512's if its vectors hold all units, since a narrower
/// vector is the quicker one.
const rk_kernels *rk_kernels_for_steps(int32_t units);
/// False when RECURRENT_KERNELS names a path that is not there (the best one is used then).
bool rk_kernels_choice_honoured(void);

#pragma clang assume_nonnull end

#endif
