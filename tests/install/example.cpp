// SPDX-License-Identifier: Apache-2.0
// Runs a package: raw float32 inputs from a file, the outputs to standard output.
//     example TARGET MODEL.kwp INPUTS [DEVICE.kwd LICENCE.kwl] > OUTPUTS
#include <cstdio>
#include <fstream>
#include <keyway/session.hpp>

int main(int argc, char** argv) try {
  if (argc != 4 && argc != 6) return static_cast<int>(keyway::ErrorKind::kUsage);
  keyway::driver::TargetOptions options;
  keyway::driver::Licence licence;
  options.target = argv[1];
  if (argc == 6) {
    options.device = argv[4];
    licence = keyway::driver::read_licence(argv[5]);
  }
  const keyway::driver::Package package(argv[2]);
  keyway::driver::Session session(package, licence, options);

  std::ifstream file(argv[3], std::ios::binary);
  std::vector<float> input(package.input_elements());
  std::vector<std::future<keyway::driver::Outputs>> answers;
  while (file.read(reinterpret_cast<char*>(input.data()),
                   static_cast<std::streamsize>(input.size() * sizeof(float)))) {
    answers.push_back(session.submit(input));  // does not wait for the device
  }
  for (auto& answer : answers) {
    const std::vector<float> values = answer.get().values;
    std::fwrite(values.data(), sizeof(float), values.size(), stdout);
  }
} catch (const keyway::Error& error) {
  std::fprintf(stderr, "example: %s: %s\n", keyway::name(error.kind()), error.what());
  return static_cast<int>(error.kind());
}
