// The arithmetic of Recurrent, on plain pointers. Knows nothing of tensors.
//
// Each instruction set implements one table of functions (`rk_kernels`); `rk_kernels_current` picks
// the best one of the machine once, or the one that the environment variable RECURRENT_KERNELS names.
// Kernels do not allocate, do not fail, hold no state, and may run on any number of threads at once.
//
// Shapes by letter: B batch, T time, I input size, H hidden size, G gates of a cell (4, 3 or 1), N valid
// steps of a batch (the sum of its lengths). Matrices are row-major float32.
//
// Same bits: an element of a matrix product accumulates over the depth in ascending order, one fused
// multiply-add a term, starting from its start value. Nothing else in the call changes it: not the number
// of rows, not the vector width, not the tile it falls in.

#ifndef RECURRENT_KERNELS_H
#define RECURRENT_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "Cells.h"
#include "Distributions.h"
#include "EightBits.h"
#include "Elements.h"
#include "Products.h"
#include "Rows.h"
#include "Scans.h"
#include "Sequences.h"
#include "Steps.h"
#include "Table.h"
#include "Threads.h"
#include "Updates.h"

#endif
