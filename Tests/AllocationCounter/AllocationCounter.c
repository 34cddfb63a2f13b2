#include "AllocationCounter.h"

#include <stddef.h>
#include <features.h>

#if defined(__GLIBC__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)

static _Thread_local int64_t count;

bool allocations_are_counted(void) { return true; }
int64_t allocations_of_thread(void) { return count; }

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

void *malloc(size_t size) {
  count++;
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count++;
  return __libc_calloc(number, size);
}

void *realloc(void *block, size_t size) {
  count++;
  return __libc_realloc(block, size);
}

void *memalign(size_t alignment, size_t size) {
  count++;
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **block, size_t alignment, size_t size) {
  void *p = memalign(alignment, size);
  if (!p) return 12;  // ENOMEM
  *block = p;
  return 0;
}

void free(void *block) {
  count++;
  __libc_free(block);
}

#else

bool allocations_are_counted(void) { return false; }
int64_t allocations_of_thread(void) { return 0; }

#endif
