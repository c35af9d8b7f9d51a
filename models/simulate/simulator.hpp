// SPDX-License-Identifier: Apache-2.0
/// The program simulator (`func`): runs a compiled program on input bytes, bit for bit as the core
/// does.
///
/// It executes instructions one after the other on the core's memories as the contract defines
/// them: activation banks as bytes, weight memory filled by frames, tables in slots. Timing and
/// waits count for nothing here; that the waits leave a core no other result is proved by
/// hazards.hpp. Sums wrap around at 32 bits, so that the wrong weights of a wrong device give the
/// bytes that the core gives.
///
/// Weights are decoded once, when a simulator is made; runs share them and may be concurrent. Words
/// that nothing has written read as zero.
///
/// Errors: kFile "malformed program" when the bytes are no program for this core; kFile for an
/// input of the wrong size. Test: tests/simulate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "program/program.hpp"

namespace keyway::simulate {

struct Kernels;

class ProgramSimulator {
 public:
  /// `program`: the program image, from weight memory address 0 on. `weights`: the payloads of the
  /// weight frames, in order; a last one that is cut short counts as filled with zeros.
  /// `kernels`: null for the fastest.
  ProgramSimulator(const program::CoreConfig& core, const std::vector<uint8_t>& program,
                   const std::vector<uint8_t>& weights, const Kernels* kernels = nullptr);
  ~ProgramSimulator();
  ProgramSimulator(ProgramSimulator&&) noexcept;
  ProgramSimulator& operator=(ProgramSimulator&&) noexcept;

  size_t input_bytes() const;   ///< an input image has at least so many
  size_t output_bytes() const;  ///< an output image has so many
  uint64_t cycles() const;      ///< that a core's array works for one input, without any stall

  /// The core's memories for one run at a time; saves their allocation from run to run.
  class Workspace {
   public:
    Workspace();
    ~Workspace();
    Workspace(Workspace&&) noexcept;
    Workspace& operator=(Workspace&&) noexcept;

   private:
    friend class ProgramSimulator;
    struct Memory;
    std::unique_ptr<Memory> memory_;
  };

  std::vector<uint8_t> run(const std::vector<uint8_t>& input) const;
  std::vector<uint8_t> run(const std::vector<uint8_t>& input, Workspace& workspace) const;

 private:
  struct Prepared;
  std::unique_ptr<const Prepared> prepared_;
};

}  // namespace keyway::simulate
