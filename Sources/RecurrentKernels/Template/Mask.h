// Random masks: draws and what they multiply in one pass. `Vector.h` stands before.

typedef uint32_t vu __attribute__((vector_size(RK_LANES * 4)));
typedef uint64_t vw __attribute__((vector_size(RK_LANES * 8)));

#define RK_LOW(x) __builtin_convertvector((x) & 0xffffffffu, vu)
#define RK_HIGH(x) __builtin_convertvector((x) >> 32, vu)

/// Philox 4x32 with ten rounds (Salmon et al. 2011) of RK_LANES counters: words 0 and 2 of the four.
RK_INLINE void philox(uint64_t first, uint64_t seed, uint64_t stream, vu *word0, vu *word2) {
  const vi lane = RK_LANE_NUMBERS;
  const vw counter = __builtin_convertvector(lane, vw) + first;
  vu x0 = RK_LOW(counter), x1 = RK_HIGH(counter);
  vu x2 = (uint32_t)stream - (vu){0}, x3 = (uint32_t)(stream >> 32) - (vu){0};
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int round = 0; round < 10; ++round) {
    vw a = __builtin_convertvector(x0, vw) * 0xD2511F53u;
    vw b = __builtin_convertvector(x2, vw) * 0xCD9E8D57u;
    x0 = RK_HIGH(b) ^ x1 ^ k0;
    x2 = RK_HIGH(a) ^ x3 ^ k1;
    x1 = RK_LOW(b);
    x3 = RK_LOW(a);
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  *word0 = x0;
  *word2 = x2;
}

#undef RK_LOW
#undef RK_HIGH

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
    float even[RK_LANES], odd[RK_LANES], group[2 * RK_LANES];
    vf_store(even, drawn(word0, mask));
    vf_store(odd, drawn(word2, mask));
    for (int l = 0; l < RK_LANES; ++l) {
      group[2 * l] = even[l];
      group[2 * l + 1] = odd[l];
    }
    const int64_t from = start < first ? first : start;
    const int64_t to = start + 2 * RK_LANES < end ? start + 2 * RK_LANES : end;
    const float *factor = group + (from - start);
    const int64_t place = from - first, length = to - from;
    if (x)
      RK_EACH_VECTOR(length, {
        vf_store_part(
          y + place + i, vf_load_part(x + place + i, n) * vf_load_part(factor + i, n), n);
      });
    else
      __builtin_memcpy(y + place, factor, (size_t)length * sizeof *y);
  }
}
