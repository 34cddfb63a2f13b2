// What the arithmetic units can do at most: multiply-adds on registers alone. `Vector.h` stands before.

// Each multiply-add waits for the one before it on its register, so there are more registers than the units have in
// flight: 2 units of 4 or 5 cycles with long vectors, 4 units with NEON. They leave room for factor and term.
#if RK_LANES > 4
#define RK_PEAK_REGISTERS 12
#elif RK_FUSED
#define RK_PEAK_REGISTERS 24
#else
#define RK_PEAK_REGISTERS 8
#endif

static float multiply_add_rounds(int64_t rounds, float start) {
  enum { PASSES = RK_MULTIPLY_ADDS_OF_A_ROUND / (RK_PEAK_REGISTERS * RK_LANES) };
  const vf factor = vf_all(0.5f), term = vf_all(start);
  const vi lane = RK_LANE_NUMBERS;
  vf x[RK_PEAK_REGISTERS];
  RK_UNROLL for (int i = 0; i < RK_PEAK_REGISTERS; i++)
    x[i] = __builtin_convertvector(lane + i * RK_LANES, vf);
  for (int64_t round = 0; round < rounds; round++)
    RK_UNROLL for (int pass = 0; pass < PASSES; pass++)
      RK_UNROLL for (int i = 0; i < RK_PEAK_REGISTERS; i++) x[i] = vf_fma(x[i], factor, term);
  vf sum = vf_all(0.0f);
  RK_UNROLL for (int i = 0; i < RK_PEAK_REGISTERS; i++) sum += x[i];
  float total = 0.0f;
  for (int l = 0; l < RK_LANES; l++) total += sum[l];
  return total / (RK_PEAK_REGISTERS * RK_LANES);
}
