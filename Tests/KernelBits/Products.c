// Matrix products: both operands as they stand and transposed, rows by index, over the edges of tiles and blocks, and
// with nothing in a dimension.

#include "Case.h"

typedef struct {
  const char *name;
  bool a_transposed, b_transposed, indexed, depth_indexed, bias, accumulate, also, packed;
} manner;

static const manner manners[] = {
  {.name = "plain"},
  {.name = "bias", .bias = true},
  {.name = "accumulate", .accumulate = true},
  {.name = "a-transposed", .a_transposed = true, .accumulate = true},
  {.name = "b-transposed", .b_transposed = true, .bias = true},
  {.name = "both-transposed", .a_transposed = true, .b_transposed = true},
  {.name = "rows-by-index", .indexed = true, .bias = true},
  {.name = "depth-by-index", .a_transposed = true, .depth_indexed = true, .accumulate = true},
  {.name = "also", .also = true, .bias = true},
  {.name = "packed", .packed = true, .bias = true},
  {.name = "packed-b-transposed", .packed = true, .b_transposed = true, .accumulate = true},
  {.name = "also-b-transposed", .also = true, .b_transposed = true, .indexed = true},
};

// Rows, columns, depth.
static const int32_t sizes[][3] = {
  {1, 1, 1}, {1, 67, 40}, {3, 5, 2}, {5, 1030, 9}, {6, 15, 7}, {7, 13, 17}, {8, 8, 0}, {11, 12, 3}, {13, 31, 65},
  {33, 70, 300}, {29, 1, 5}, {401, 19, 11}};

/// Around the rows of a block.
static const int32_t edges[] = {0, 1, 191, 192, 193, 400};

/// The product's A, and its C as it stands before.
static rk_matrix_product with_rows(rk_matrix_product product, const manner *how, int32_t rows) {
  const int32_t depth = (int32_t)product.depth;
  const int64_t a_stride = (how->a_transposed ? rows : depth) + 3;
  product.rows = rows;
  product.a = random_floats((how->a_transposed ? depth : rows) * a_stride, 1);
  product.a_row_stride = how->a_transposed ? 1 : a_stride;
  product.a_depth_stride = how->a_transposed ? a_stride : 1;
  product.c = how->accumulate ? random_floats(rows * product.c_row_stride, 1) : unset(rows * product.c_row_stride);
  if (how->indexed) {
    product.a_row_index = shuffled(rows);
    product.c_row_index = shuffled(rows);
  }
  if (how->depth_indexed) product.a_depth_index = shuffled(depth);
  return product;
}

static void product_case(const manner *how, int32_t rows, int32_t columns, int32_t depth) {
  begin_case("multiply %dx%dx%d %s", rows, columns, depth, how->name);
  const int64_t b_stride = (how->b_transposed ? depth : columns) + 1;
  rk_matrix_product first = {
    .columns = columns, .depth = depth,
    .b = random_floats((how->b_transposed ? columns : depth) * b_stride, 1),
    .b_depth_stride = how->b_transposed ? 1 : b_stride, .b_column_stride = how->b_transposed ? b_stride : 1,
    .c_row_stride = columns + 2, .bias = how->bias ? random_floats(columns, 1) : NULL,
    .accumulate = how->accumulate};
  const int32_t more = rows / 2 + 1;
  const rk_matrix_product second = with_rows(first, how, more);
  first = with_rows(first, how, rows);
  if (how->also) first.also = &second;
  if (how->packed) {
    float *packed = unset(rk_packed_product_size(columns, depth));
    rk_pack_product(&first, packed);
    first.packed_b = packed;
  }
  rk_multiply(&first, unset(rk_multiply_workspace(rows > more ? rows : more, columns, depth)));
  add_floats(first.c, rows * first.c_row_stride);
  if (how->also) add_floats(second.c, more * second.c_row_stride);
  end_case();
}

void products(void) {
  for (int how = 0; how < LENGTH(manners); how++) {
    for (int size = 0; size < LENGTH(sizes); size++)
      product_case(&manners[how], sizes[size][0], sizes[size][1], sizes[size][2]);
    for (int rows = 0; rows < LENGTH(edges); rows++)
      for (int columns = 0; columns < LENGTH(edges); columns++)
        for (int32_t depth = 0; depth < 2; depth++) product_case(&manners[how], edges[rows], edges[columns], depth);
  }
}
