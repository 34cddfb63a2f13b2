// Optimizer updates, in place: one pass over a parameter w with its gradient g (null: 0).
//
// `clip` is the factor that clipping gives the gradient. Each says whether all that it wrote to w is finite.

#ifndef RECURRENT_KERNELS_UPDATES_H
#define RECURRENT_KERNELS_UPDATES_H

#include <stdbool.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

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

#pragma clang assume_nonnull end

#endif
