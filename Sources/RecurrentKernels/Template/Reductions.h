// Sums and maxima, and what is made of them. `Vector.h` stands before.
//
// Every reduction has one shape, whatever the number of lanes: sixteen running values, value l taking elements
// l, l + 16, l + 32, …; then the upper half is folded onto the lower one until a single value is left.

#define RK_PARTS (16 / RK_LANES)

/// The sixteen running values of a reduction.
typedef struct {
  vf part[RK_PARTS];
} rk_running;

RK_INLINE rk_running running_all(float x) {
  rk_running r;
  for (int p = 0; p < RK_PARTS; ++p) r.part[p] = vf_all(x);
  return r;
}

/// Runs the statements for each vector of `count` elements as RK_EACH_VECTOR does, where `s` is the vector of
/// `running` that takes it.
#define RK_REDUCE(count, running, ...)                                   \
  do {                                                                   \
    int64_t first = 0;                                                   \
    for (; first + 16 <= (count); first += 16)                           \
      for (int part = 0; part < RK_PARTS; ++part) {                      \
        const int64_t i = first + part * RK_LANES, n = RK_LANES;         \
        vf *const s = &(running).part[part];                             \
        __VA_ARGS__                                                      \
      }                                                                  \
    for (int part = 0; first < (count); ++part, first += RK_LANES) {     \
      const int64_t i = first;                                           \
      const int64_t n = (count) - i < RK_LANES ? (count) - i : RK_LANES; \
      vf *const s = &(running).part[part];                               \
      __VA_ARGS__                                                        \
    }                                                                    \
  } while (0)

RK_INLINE float running_sum(const rk_running *running) {
  float s[16];
  __builtin_memcpy(s, running->part, sizeof s);
  for (int width = 8; width > 0; width /= 2)
    for (int l = 0; l < width; ++l) s[l] += s[l + width];
  return s[0];
}

static float k_sum(const float *x, int64_t count) {
  rk_running running = running_all(0.0f);
  RK_REDUCE(count, running, { *s += vf_load_part(x + i, n); });
  return running_sum(&running);
}

static float k_dot(const float *x, const float *y, int64_t count) {
  rk_running running = running_all(0.0f);
  RK_REDUCE(count, running, { *s = vf_fma(vf_load_part(x + i, n), vf_load_part(y + i, n), *s); });
  return running_sum(&running);
}

/// -infinity of no elements; not a number if one of them is.
static float k_maximum(const float *x, int64_t count) {
  rk_running running = running_all(-__builtin_inff());
  RK_REDUCE(count, running, {
    *s = vf_max_or_nan(*s, vf_load_part_or(x + i, n, -__builtin_inff()));
  });
  float s[16];
  __builtin_memcpy(s, running.part, sizeof s);
  for (int width = 8; width > 0; width /= 2)
    for (int l = 0; l < width; ++l) {
      float a = s[l], b = s[l + width];
      s[l] = a < b || b != b ? b : a;
    }
  return s[0];
}

static void k_add_squares(const float *x, int64_t count, int64_t first, double *sums) {
  typedef double vd __attribute__((vector_size(RK_LANES * 8)));
  int64_t i = 0;
  // Products of floats are exact in double.
  for (; i < count && (first + i) % 16; ++i) sums[(first + i) % 16] += (double)x[i] * x[i];
  struct {
    vd part[RK_PARTS];
  } running;
  __builtin_memcpy(&running, sums, sizeof running);
  for (; i + 16 <= count; i += 16)
    for (int p = 0; p < RK_PARTS; ++p) {
      vd v = __builtin_convertvector(vf_load(x + i + p * RK_LANES), vd);
      running.part[p] += v * v;
    }
  __builtin_memcpy(sums, &running, sizeof running);
  for (int l = 0; i < count; ++i, ++l) sums[l] += (double)x[i] * x[i];
}

static double k_sum_of_squares(const float *x, int64_t count) {
  double s[16] = {0};
  k_add_squares(x, count, 0, s);
  for (int width = 8; width > 0; width /= 2)
    for (int l = 0; l < width; ++l) s[l] += s[l + width];
  return s[0];
}

/// Which of the first `n` lanes are infinite or not a number.
RK_INLINE vi vf_not_finite(vf x, int64_t n) {
  const vi lane = RK_LANE_NUMBERS;
  vi found = ((vi)x & 0x7f800000) == 0x7f800000;
  return n >= RK_LANES ? found : found & (lane < (int32_t)n);
}

RK_INLINE bool vi_none(vi mask) {
  int32_t any = 0;
  for (int l = 0; l < RK_LANES; ++l) any |= mask[l];
  return any == 0;
}

static bool k_all_finite(const float *x, int64_t count) {
  vi found = {0};
  RK_EACH_VECTOR(count, {
    found |= vf_not_finite(vf_load_part(x + i, n), n);
  });
  return vi_none(found);
}

// Some rows at a time, so that y is read and written less often than x is read.
static void k_column_sums(
  const float *x, int64_t rows, int64_t columns, int64_t row_stride, bool accumulate, float *y) {
  if (!accumulate) RK_EACH_VECTOR(columns, { vf_store_part(y + i, vf_all(0.0f), n); });
  for (int64_t first = 0; first < rows; first += 8) {
    const int64_t end = rows - first < 8 ? rows : first + 8;
    RK_EACH_VECTOR(columns, {
      vf s = vf_load_part(y + i, n);
      for (int64_t m = first; m < end; ++m) s += vf_load_part(x + m * row_stride + i, n);
      vf_store_part(y + i, s, n);
    });
  }
}

// The maximum of the row is taken off first, so that no exponential overflows; elements of -infinity have
// probability 0. A row of nothing else, or with +infinity, has none: it gives not-a-number.

/// y = e^x / Σ e^x of each row.
static void k_softmax(const float *x, float *y, int64_t rows, int64_t columns) {
  for (int64_t m = 0; m < rows; ++m, x += columns, y += columns) {
    const vf maximum = vf_all(k_maximum(x, columns));
    rk_running running = running_all(0.0f);
    RK_REDUCE(columns, running, {
      // The lanes beyond the row end are -infinity: they add 0.
      vf e = vf_exp_of_negative(vf_load_part_or(x + i, n, -__builtin_inff()) - maximum);
      *s += e;
      vf_store_part(y + i, e, n);
    });
    const vf sum = vf_all(running_sum(&running));
    RK_EACH_VECTOR(columns, { vf_store_part(y + i, vf_load_part(y + i, n) / sum, n); });
  }
}

/// y = x - log Σ e^x of each row.
static void k_log_softmax(const float *x, float *y, int64_t rows, int64_t columns) {
  for (int64_t m = 0; m < rows; ++m, x += columns, y += columns) {
    const vf maximum = vf_all(k_maximum(x, columns));
    rk_running running = running_all(0.0f);
    RK_REDUCE(columns, running, {
      *s += vf_exp_of_negative(vf_load_part_or(x + i, n, -__builtin_inff()) - maximum);
    });
    const vf log_sum = vf_log(vf_all(running_sum(&running)));
    RK_EACH_VECTOR(columns, {
      vf_store_part(y + i, vf_load_part(x + i, n) - maximum - log_sum, n);
    });
  }
}

/// dx += y·(dy - Σ y·dy) of each row.
static void k_softmax_gradient(
  const float *y, const float *dy, float *dx, int64_t rows, int64_t columns) {
  for (int64_t m = 0; m < rows; ++m, y += columns, dy += columns, dx += columns) {
    const vf sum = vf_all(k_dot(y, dy, columns));
    RK_EACH_VECTOR(columns, {
      vf d = vf_load_part(dy + i, n) - sum;
      vf_store_part(dx + i, vf_fma(vf_load_part(y + i, n), d, vf_load_part(dx + i, n)), n);
    });
  }
}

/// dx += dy - e^y·Σ dy of each row.
static void k_log_softmax_gradient(
  const float *y, const float *dy, float *dx, int64_t rows, int64_t columns) {
  for (int64_t m = 0; m < rows; ++m, y += columns, dy += columns, dx += columns) {
    const vf sum = vf_all(k_sum(dy, columns));
    RK_EACH_VECTOR(columns, {
      vf d = vf_fma(-vf_exp_of_negative(vf_load_part(y + i, n)), sum, vf_load_part(dy + i, n));
      vf_store_part(dx + i, vf_load_part(dx + i, n) + d, n);
    });
  }
}
