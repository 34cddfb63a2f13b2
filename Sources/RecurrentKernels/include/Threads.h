// What a thread of the library knows of itself.

#ifndef RECURRENT_KERNELS_THREADS_H
#define RECURRENT_KERNELS_THREADS_H

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

#pragma clang assume_nonnull end

#endif
