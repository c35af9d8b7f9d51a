// SPDX-License-Identifier: Apache-2.0
/// Sums of products that are not operand times activation: rows of the program simulator's inner
/// loops (kernels.hpp) with codes in place of weights, whose products stand in a table.
///
/// There is no AVX2 for it: eight look-ups at a time are no faster than one by one.
/// Test: tests/simulate/test_kernels.cpp.
#pragma once

#include "arith/products.hpp"
#include "simulate/kernels.hpp"

namespace keyway::simulate {

void add_products(const DenseRow& row, const arith::Products& products);
void add_products(const WindowRow& row, const arith::Products& products);

}  // namespace keyway::simulate
