# SPDX-License-Identifier: Apache-2.0
# The RTL's file list, stated once: CMake, lint and synthesis read it.
# Packages first; then leaves before what instantiates them.
set(KEYWAY_RTL_PACKAGES
  pkg/keyway_contract_pkg.sv
  pkg/keyway_logarithm_pkg.sv
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
  lock/keyway_gf512_pkg.sv
  lock/syndrome_decoder.sv
  lock/fuzzy_extractor.sv
  lock/device_secret.sv
  lock/licence_opener.sv
  lock/frame_queue.sv
  lock/frame_counter.sv
  lock/unsealer.sv
  lock/lock_unit.sv
)

# Streams and memories that every unit uses.
set(KEYWAY_RTL_STREAM
  stream/fifo.sv
  stream/stream_register.sv
  stream/ram_1r1w.sv
)

# Number systems, and the choice among them.
set(KEYWAY_RTL_ARITH
  arith/ds8.sv
  arith/ds8_digit.sv
  arith/fp8.sv
  arith/int4.sv
  arith/int8.sv
  arith/lns8.sv
  arith/lns8_logarithm.sv
  arith/mit8_logarithm.sv
  arith/posit8.sv
  arith/qf4.sv
  arith/qf8.sv
  arith/number_systems.sv
  arith/stored_operands.sv
)

# Products of every kind of array, and the choice among them.
set(KEYWAY_RTL_PRODUCTS
  engine/array/activation_logarithm.sv
  engine/array/product_digit.sv
  engine/array/product_mitchell.sv
  engine/array/product_logarithm.sv
  engine/array/product_multiplier.sv
  engine/array/product_unit.sv
)

# The engine in the order of the data.
set(KEYWAY_RTL_ENGINE
  engine/clear_sweep.sv
  engine/activation_memory.sv
  engine/weights/table_banks.sv
  engine/dispatcher.sv
  engine/transfer/word_generator.sv
  engine/transfer/transfer_head.sv
  engine/transfer/load_unit.sv
  engine/transfer/store_unit.sv
  ${KEYWAY_RTL_ARITH}
  engine/weights/weight_memory.sv
  engine/weights/weight_reader.sv
  engine/weights/table_loader.sv
  engine/weights/correction_table.sv
  engine/weights/decode_table.sv
  engine/weights/decoder.sv
  engine/weights/nibble_table.sv
  engine/weights/tile_decoder.sv
  engine/weights/weight_path.sv
  engine/issue/pass_generator.sv
  engine/issue/step_generator.sv
  engine/issue/address_generator.sv
  engine/issue/activation_reader.sv
  engine/array/token_pipe.sv
  engine/array/operand_feed.sv
  ${KEYWAY_RTL_PRODUCTS}
  engine/array/lane.sv
  engine/array/lanes.sv
  engine/array/accumulator.sv
  engine/array/array.sv
  engine/post/parameter_lanes.sv
  engine/post/parameter_store.sv
  engine/post/post_lane.sv
  engine/post/residual_reader.sv
  engine/post/result_writer.sv
  engine/post/post_process.sv
  engine/engine.sv
)

set(KEYWAY_RTL_SHELL
  shell/keyway_shell_pkg.sv
  shell/burst_splitter.sv
  shell/axi_read_dma.sv
  shell/axi_write_dma.sv
  shell/axi_lite_registers.sv
  shell/header_licence_store.sv
  shell/frame_server.sv
  shell/output_gate.sv
  shell/performance_counters.sv
  shell/conductor.sv
  shell/shell.sv
)

# What the core measures of itself.
set(KEYWAY_RTL_PROBE
  probe/keyway_probe_pkg.sv
  probe/class_probe.sv
)

set(KEYWAY_RTL_KERNEL
  ${KEYWAY_RTL_PACKAGES}
  ${KEYWAY_RTL_STREAM}
  ${KEYWAY_RTL_LOCK}
  ${KEYWAY_RTL_ENGINE}
  ${KEYWAY_RTL_SHELL}
  ${KEYWAY_RTL_PROBE}
  keyway_core.sv
  keyway_kernel.sv
)
