// What the cases share: reproducible numbers, memory, and one line of results a case.
//
// The program prints what every kernel of one table (chosen by RECURRENT_KERNELS) makes of the same numbers, so that
// two machines can be compared line by line. `Scripts/test-neon` does.

#ifndef KERNEL_BITS_CASE_H
#define KERNEL_BITS_CASE_H

#include "RecurrentKernels.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof *(array)))

/// Numbers between -scale and scale, the same on every machine; each case starts them anew by its name.
float number(float scale);
bool coin(void);

/// Memory for the case at hand, freed behind it. `unset` holds a not-a-number, so that reading it shows; `random`
/// holds numbers, `wild` among them zeros, infinities, not-a-numbers and denormals, `coins` 0 and 1.
float *unset(int64_t count);
float *zeros(int64_t count);
float *random_floats(int64_t count, float scale);
float *wild_floats(int64_t count);
float *coins(int64_t count);
float *copy_of(const float *floats, int64_t count);
int32_t *integers(int64_t count);
int64_t *long_integers(int64_t count);
/// 0 ..< count in random order.
int32_t *shuffled(int32_t count);

/// Starts a case with this name, printf-wise.
void begin_case(const char *format, ...) __attribute__((format(printf, 1, 2)));
/// Adds floats to the results of the case. All not-a-numbers count as the same: which one arises is the machine's.
void add_floats(const float *floats, int64_t count);
void add_double(double value);
/// Prints name, number of results, their digest, the largest finite size, and sixteen of them; then frees the memory.
void end_case(void);

void products(void);
void elements(void);
void reductions(void);
void optimizers(void);
void sequences(void);
void scans(void);

#endif
