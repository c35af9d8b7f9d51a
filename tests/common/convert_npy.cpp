// SPDX-License-Identifier: Apache-2.0
/// Helper of compare_numpy.py: each line of stdin is "float IN OUT" or "int IN OUT".
#include <iostream>
#include <sstream>
#include <string>

#include "common/error.hpp"
#include "common/npy.hpp"

int main() {
  std::string line;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    std::string kind, in, out;
    words >> kind >> in >> out;
    try {
      if (kind == "int") {
        keyway::common::write_npy(out, keyway::common::read_npy_int(in));
      } else {
        keyway::common::write_npy(out, keyway::common::read_npy_float(in));
      }
      std::cout << "ok" << std::endl;
    } catch (const keyway::Error& e) {
      std::cout << "error " << e.what() << std::endl;
    }
  }
  return 0;
}
