# SPDX-License-Identifier: Apache-2.0
# The RTL's file list, stated once: CMake, lint and synthesis read it.
# Packages first; then leaves before what instantiates them.
set(KEYWAY_RTL_PACKAGES
  pkg/keyway_contract_pkg.sv
  pkg/keyway_pkg.sv
)

set(KEYWAY_RTL_LOCK
  lock/keyway_lock_pkg.sv
  lock/keyway_aes_pkg.sv
  lock/keyway_gf128_pkg.sv
  lock/aes256_key_expansion.sv
  lock/aes256_round.sv
  lock/aes256_pipelined.sv
  lock/aes_sbox_rom.sv
  lock/aes256_iterative.sv
  lock/aes256.sv
  lock/ghash.sv
  lock/sha256.sv
  lock/kdf.sv
  lock/licence_opener.sv
  lock/frame_queue.sv
  lock/frame_counter.sv
  lock/unsealer.sv
  lock/lock_unit.sv
)

# Leaves before what instantiates them; the arithmetic units are in arith/.
set(KEYWAY_RTL_ENGINE
  arith/int8.sv
  arith/qf8.sv
  memory/ram_1r1w.sv
  memory/weight_memory.sv
  memory/activation_memory.sv
  control/fifo.sv
  control/stream_register.sv
  control/dispatcher.sv
  control/pass_walker.sv
  control/feeder.sv
  control/table_loader.sv
  control/pass_generator.sv
  control/step_generator.sv
  control/address_generator.sv
  control/issue.sv
  control/word_walker.sv
  control/transfer_head.sv
  control/load_unit.sv
  control/store_unit.sv
  array/decode_table.sv
  array/decoder.sv
  array/tile_decoder.sv
  array/weight_path.sv
  array/operand_feed.sv
  array/multiplier.sv
  array/lane.sv
  array/array.sv
  array/accumulator.sv
  array/parameter_store.sv
  array/post_lane.sv
  array/residual_reader.sv
  array/result_writer.sv
  array/post_process.sv
  engine.sv
)

set(KEYWAY_RTL_SHELL
  shell/keyway_shell_pkg.sv
  shell/burst_splitter.sv
  shell/axi_read_dma.sv
  shell/axi_write_dma.sv
  shell/axi_lite_registers.sv
  shell/start_block.sv
  shell/frame_server.sv
  shell/output_gate.sv
  shell/performance_counters.sv
  shell/conductor.sv
  shell/shell.sv
  shell/keyway_core.sv
  shell/keyway_kernel.sv
)

set(KEYWAY_RTL_KERNEL
  ${KEYWAY_RTL_PACKAGES}
  ${KEYWAY_RTL_LOCK}
  ${KEYWAY_RTL_ENGINE}
  ${KEYWAY_RTL_SHELL}
)
