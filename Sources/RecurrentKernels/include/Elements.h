// Functions of each element alone, and of two.

#ifndef RECURRENT_KERNELS_ELEMENTS_H
#define RECURRENT_KERNELS_ELEMENTS_H

#include <stdint.h>

#pragma clang assume_nonnull begin

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

#pragma clang assume_nonnull end

#endif
