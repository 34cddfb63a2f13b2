#include "Case.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t UNSET = 0x7fc12345, NOT_A_NUMBER = 0x7fc00000;

// MARK: Numbers (SplitMix64)

static uint64_t state;

static uint64_t next(void) {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

float number(float scale) { return ((float)(next() >> 40) / (1 << 23) - 1) * scale; }

bool coin(void) { return next() >> 63; }

// MARK: Memory

static struct block {
  struct block *before;
  double floats[];
} *blocks;

static void *take(int64_t bytes) {
  struct block *block = malloc(sizeof *block + (size_t)bytes);
  if (!block) {
    fputs("out of memory\n", stderr);
    exit(1);
  }
  block->before = blocks;
  blocks = block;
  return block->floats;
}

float *unset(int64_t count) {
  float *floats = take(count * 4);
  for (int64_t i = 0; i < count; i++) memcpy(floats + i, &UNSET, 4);
  return floats;
}

float *zeros(int64_t count) {
  float *floats = take(count * 4);
  for (int64_t i = 0; i < count; i++) floats[i] = 0;
  return floats;
}

float *random_floats(int64_t count, float scale) {
  float *floats = take(count * 4);
  for (int64_t i = 0; i < count; i++) floats[i] = number(scale);
  return floats;
}

float *wild_floats(int64_t count) {
  static const float special[] = {
    0, -0.0f, INFINITY, -INFINITY, NAN, 1e-45f, -1e-40f, 1, -1, 3, -2.5f, 0.5f, 88.8f, -103.9f, 3e38f, -3e38f};
  static const float scales[] = {1, 10, 120, 1e-3f, 1e-20f, 1e20f};
  float *floats = take(count * 4);
  for (int64_t i = 0; i < count; i++) {
    const uint64_t which = next() % 64;
    floats[i] = which < (uint64_t)LENGTH(special)
      ? special[which] : number(scales[which % (uint64_t)LENGTH(scales)]);
  }
  return floats;
}

float *coins(int64_t count) {
  float *floats = take(count * 4);
  for (int64_t i = 0; i < count; i++) floats[i] = coin();
  return floats;
}

float *copy_of(const float *floats, int64_t count) {
  return memcpy(take(count * 4), floats, (size_t)count * 4);
}

int32_t *integers(int64_t count) { return take(count * 4); }
int64_t *long_integers(int64_t count) { return take(count * 8); }

int32_t *shuffled(int32_t count) {
  int32_t *order = integers(count);
  for (int32_t i = 0; i < count; i++) order[i] = i;
  for (int32_t i = count - 1; i > 0; i--) {
    const int32_t other = (int32_t)(next() % (uint64_t)(i + 1)), at = order[i];
    order[i] = order[other];
    order[other] = at;
  }
  return order;
}

// MARK: Cases

enum { SHOWN = 16 };

static char name[200];
static float *results;
static int64_t result_count, result_room;
static uint64_t digest;  // FNV-1a, by words of 32 bits

static void add_word(uint32_t word) { digest = (digest ^ word) * 0x100000001b3; }

void begin_case(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(name, sizeof name, format, arguments);
  va_end(arguments);
  digest = 0xcbf29ce484222325;
  for (const char *c = name; *c; c++) add_word((unsigned char)*c);
  state = digest;
  result_count = 0;
}

static void add_result(float value) {
  if (result_count == result_room) {
    result_room = 2 * result_room + 1024;
    results = realloc(results, (size_t)result_room * sizeof *results);
    if (!results) exit(1);
  }
  results[result_count++] = value;
}

void add_floats(const float *floats, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, floats + i, 4);
    add_word(isnan(floats[i]) ? NOT_A_NUMBER : bits);
    add_result(floats[i]);
  }
}

void add_double(double value) {
  uint64_t bits;
  memcpy(&bits, &value, 8);
  add_word((uint32_t)bits);
  add_word((uint32_t)(bits >> 32));
  add_result((float)value);
}

void end_case(void) {
  float largest = 0;
  for (int64_t i = 0; i < result_count; i++)
    if (isfinite(results[i]) && fabsf(results[i]) > largest) largest = fabsf(results[i]);
  printf("%s\t%lld\t%016llx\t%.9g", name, (long long)result_count, (unsigned long long)digest, (double)largest);
  for (int64_t i = 0; i < SHOWN && i < result_count; i++) {
    const float value = results[result_count <= SHOWN ? i : i * (result_count - 1) / (SHOWN - 1)];
    if (isnan(value)) printf("\tnan");
    else printf("\t%.9g", (double)value);
  }
  printf("\n");
  while (blocks) {
    struct block *before = blocks->before;
    free(blocks);
    blocks = before;
  }
}

int main(void) {
  if (!rk_kernels_choice_honoured()) return 3;
  products();
  elements();
  reductions();
  optimizers();
  sequences();
  scans();
  free(results);
  return fflush(stdout) != 0;
}
