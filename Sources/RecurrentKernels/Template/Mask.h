// Random masks: draws and what they multiply in one pass. `Vector.h` stands before.

typedef uint32_t vu __attribute__((vector_size(RK_LANES * 4)));
typedef uint64_t vw __attribute__((vector_size(RK_LANES * 8)));

/// Philox 4x32 with ten rounds (Salmon et al. 2011) of RK_LANES counters: words 0 and 2 of the four. Words stand in
/// 64 bits, of which the upper half does not count.
RK_INLINE void philox(uint64_t first, uint64_t seed, uint64_t stream, vu *word0, vu *word2) {
  const vi lane = RK_LANE_NUMBERS;
  const vw counter = __builtin_convertvector(lane, vw) + first;
  vw x0 = counter, x1 = counter >> 32;
  vw x2 = stream - (vw){0}, x3 = (stream >> 32) - (vw){0};
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    const vw a = (x0 & 0xffffffffu) * 0xD2511F53u, b = (x2 & 0xffffffffu) * 0xCD9E8D57u;
    x0 = (b >> 32) ^ x1 ^ k0;
    x2 = (a >> 32) ^ x3 ^ k1;
    x1 = b;
    x3 = a;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  *word0 = __builtin_convertvector(x0, vu);
  *word2 = __builtin_convertvector(x2, vu);
}

/// low where the upper 24 bits of a word, as a number in [0, 1), are below rate, else high.
RK_INLINE vf drawn(vu word, const rk_mask *mask) {
  vf uniform = __builtin_convertvector((vi)(word >> 8), vf) * 0x1p-24f;
  return vf_select(uniform < mask->rate, vf_all(mask->low), vf_all(mask->high));
}

static void k_apply_mask(
  const rk_mask *mask, int64_t first, const float *x, float *y, int64_t count) {
  const int64_t end = first + count;
  // A counter gives two numbers, so groups start at even ones.
  for (int64_t start = first & ~(int64_t)1; start < end; start += 2 * RK_LANES) {
    vu word0, word2;
    philox((uint64_t)start / 2, mask->seed, mask->stream, &word0, &word2);
    const vf even = drawn(word0, mask), odd = drawn(word2, mask);
    const vf lower = vf_lower_in_turn(even, odd), upper = vf_upper_in_turn(even, odd);
    const int64_t place = start - first;
    if (place >= 0 && start + 2 * RK_LANES <= end) {
      vf_store(y + place, x ? vf_load(x + place) * lower : lower);
      vf_store(y + place + RK_LANES, x ? vf_load(x + place + RK_LANES) * upper : upper);
      continue;
    }
    float group[2 * RK_LANES];
    vf_store(group, lower);
    vf_store(group + RK_LANES, upper);
    for (int64_t i = 0; i < 2 * RK_LANES; ++i)
      if (place + i >= 0 && start + i < end) y[place + i] = x ? x[place + i] * group[i] : group[i];
  }
}
