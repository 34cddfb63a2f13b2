// How often a thread asks the system for memory: stands before glibc's own functions, in the test program alone.

#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// False where nothing is counted: elsewhere than on glibc, and under sanitizers, which have an allocator of their own.
bool allocations_are_counted(void);

/// What the calling thread has asked for so far: blocks taken, moved or given back.
int64_t allocations_of_thread(void);

#endif
