/* Independent pieces of work on several threads. Internal. */
#ifndef SVY_ESTIMATE_PARALLEL_H
#define SVY_ESTIMATE_PARALLEL_H
#include <stddef.h>

/* Calls work(user, worker, piece) for every piece, each once; a worker's pieces run one after another, workers are 0..threads-1.
   When threads cannot be started, fewer are used. */
void svyi_pieces_run(size_t pieces, unsigned threads, void (*work)(void *user, unsigned worker, size_t piece), void *user);
/* What 0 threads means: one per processor, at most 8. */
unsigned svyi_threads_default(void);
enum { SVYI_THREADS_MAX = 64 };
#endif
