#ifndef MPI_OF_THE_SYSTEM_H
#define MPI_OF_THE_SYSTEM_H

#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#if __has_include(<mpi/mpi.h>)
#include <mpi/mpi.h>
#elif __has_include(<mpi.h>)
#include <mpi.h>
#else
#error "MPI's header is missing: apt-get install libopenmpi-dev (Debian, Ubuntu), brew install open-mpi (macOS)"
#endif

#include <stdlib.h>

// What MPI says by macros and by handles of its own types, which Swift does not see.

/// Begins; 0, or why not.
static inline int rm_begin(int *rank, int *size, int *neighbours) {
  int provided = 0;
  int problem = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
  if (problem) return problem;
  if (provided < MPI_THREAD_SERIALIZED) return -1;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm near;
  problem = MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &near);
  if (problem) return problem;
  MPI_Comm_size(near, neighbours);
  MPI_Comm_free(&near);
  MPI_Comm_rank(MPI_COMM_WORLD, rank);
  return MPI_Comm_size(MPI_COMM_WORLD, size);
}

/// Messages on their way.
typedef struct {
  MPI_Request *requests;
  int count, room;
} rm_messages;

/// A message larger than MPI can count goes in pieces.
enum { RM_PIECE = 1 << 30 };

static inline int rm_add(rm_messages *messages, void *bytes, size_t count, int rank, int is_sent) {
  int problem = 0;
  do {
    int piece = count < RM_PIECE ? (int)count : RM_PIECE;
    if (messages->count == messages->room) {
      messages->room = 2 * messages->room + 16;
      messages->requests = realloc(messages->requests, (size_t)messages->room * sizeof *messages->requests);
      if (!messages->requests) abort();
    }
    MPI_Request *request = messages->requests + messages->count++;
    problem = is_sent ? MPI_Isend(bytes, piece, MPI_BYTE, rank, 0, MPI_COMM_WORLD, request)
                      : MPI_Irecv(bytes, piece, MPI_BYTE, rank, 0, MPI_COMM_WORLD, request);
    bytes = (char *)bytes + piece;
    count -= (size_t)piece;
  } while (count && !problem);
  return problem;
}

/// Whether all have arrived, in `done`; 0, or what went wrong.
static inline int rm_test(rm_messages *messages, int *done) {
  return MPI_Testall(messages->count, messages->requests, done, MPI_STATUSES_IGNORE);
}

static inline void rm_end_all(int code) { MPI_Abort(MPI_COMM_WORLD, code); }
static inline void rm_end(void) { MPI_Finalize(); }

#endif
