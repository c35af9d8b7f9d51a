// SPDX-License-Identifier: Apache-2.0
// Shows the S-box of keyway_aes_pkg to its exhaustive test (test_aes.cpp).
module aes_sbox_bench (
    input  logic [7:0] a_i,
    output logic [7:0] s_o
);
  assign s_o = keyway_aes_pkg::sub_byte(a_i);
endmodule
