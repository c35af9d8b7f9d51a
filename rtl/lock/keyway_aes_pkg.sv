// SPDX-License-Identifier: Apache-2.0
// The steps of AES-256 in the direction of encryption, as functions: S-box, round, key schedule.
//
// A state is 16 bytes in the order of keyway_lock_pkg, so that a column is one 32-bit word with row 0
// in its low byte and no bytes are swapped anywhere.
//   S(a)         = L(a^-1) + 0x63 in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1, L(b) = sum of b rotated
//                  by 0, 1, 2, 3, 4. The table is computed here, not written down.
//   round(s, k)  = MixColumns(ShiftRows(SubBytes(s))) + k;  the last round omits MixColumns.
//   round keys   r0 = key[0..15], r1 = key[16..31], r(n) from r(n-2) and r(n-1): see key_step.
//
// They are functions, not modules, so that their users evaluate them inside `if (valid)`: a block
// that waits costs no simulation time.
//
// Source: FIPS 197, sections 5.1 and 5.2. Test: tests/rtl/lock/test_aes.cpp (all 256 values of the
// S-box, appendix C.3, SP 800-38A F.5.5).
// verilator lint_off UNUSEDPARAM
package keyway_aes_pkg;

  parameter int unsigned AesRounds = 14;

  typedef logic [7:0] sbox_t[256];

  // Walks the powers of the generator 3 and of its inverse at once: q = p^-1 all the way.
  function automatic sbox_t make_sbox();
    logic [7:0] p, q;
    p = 8'd1;
    q = 8'd1;
    make_sbox[0] = 8'h63;
    for (int unsigned i = 0; i < 255; i++) begin
      make_sbox[p] = q ^ {q[6:0], q[7]} ^ {q[5:0], q[7:6]} ^ {q[4:0], q[7:5]} ^ {q[3:0], q[7:4]} ^ 8'h63;
      p = p ^ {p[6:0], 1'b0} ^ (p[7] ? 8'h1b : 8'h00);  // p * 3
      q = q ^ {q[6:0], 1'b0};  // q / 3
      q = q ^ {q[5:0], 2'b0};
      q = q ^ {q[3:0], 4'b0};
      q = q ^ (q[7] ? 8'h09 : 8'h00);
    end
  endfunction

  localparam sbox_t Sbox = make_sbox();

  function automatic logic [7:0] sub_byte(logic [7:0] a);
    return Sbox[a];
  endfunction

  function automatic logic [31:0] sub_word(logic [31:0] w);
    return {Sbox[w[31:24]], Sbox[w[23:16]], Sbox[w[15:8]], Sbox[w[7:0]]};
  endfunction

  // ShiftRows: row r of column c comes from column c + r.
  function automatic logic [127:0] shift_rows(logic [127:0] s);
    for (int unsigned c = 0; c < 4; c++) begin
      for (int unsigned r = 0; r < 4; r++) shift_rows[32*c+8*r+:8] = s[32*((c+r)%4)+8*r+:8];
    end
  endfunction

  // SubBytes and ShiftRows.
  function automatic logic [127:0] sub_shift(logic [127:0] s);
    for (int unsigned c = 0; c < 4; c++) begin
      for (int unsigned r = 0; r < 4; r++) sub_shift[32*c+8*r+:8] = Sbox[s[32*((c+r)%4)+8*r+:8]];
    end
  endfunction

  // Row r of the result is 2 a(r) + 3 a(r+1) + a(r+2) + a(r+3).
  function automatic logic [31:0] mix_column(logic [31:0] a);
    logic [31:0] next, sum, high;
    next = {a[7:0], a[31:8]};
    sum  = a ^ next;
    high = (sum >> 7) & 32'h01010101;
    return ((sum & 32'h7f7f7f7f) << 1) ^ high ^ (high << 1) ^ (high << 3) ^ (high << 4)
        ^ next ^ {a[15:0], a[31:16]} ^ {a[23:0], a[31:24]};
  endfunction

  function automatic logic [127:0] mix_columns(logic [127:0] s);
    for (int unsigned c = 0; c < 4; c++) mix_columns[32*c+:32] = mix_column(s[32*c+:32]);
  endfunction

  function automatic logic [127:0] aes_round(logic [127:0] s, logic [127:0] key);
    return mix_columns(sub_shift(s)) ^ key;
  endfunction

  function automatic logic [127:0] aes_last_round(logic [127:0] s, logic [127:0] key);
    return sub_shift(s) ^ key;
  endfunction

  // Round key n + 2 from round key n and the last word of round key n + 1. `constant` is Rcon when n is
  // even, where round key n + 2 starts a new multiple of eight words, and 0 when n is odd.
  function automatic logic [127:0] key_step(logic [127:0] key, logic [31:0] last,
                                            logic [7:0] constant);
    return key_step_of(key, sub_word(last), constant);
  endfunction

  // The same with the S-box already applied to the last word.
  function automatic logic [127:0] key_step_of(logic [127:0] key, logic [31:0] last_sub,
                                               logic [7:0] constant);
    logic [31:0] word, w0, w1, w2, w3;
    word = constant == 8'd0 ? last_sub : {last_sub[7:0], last_sub[31:8]};
    w0   = key[31:0] ^ word ^ {24'd0, constant};
    w1   = key[63:32] ^ w0;
    w2   = key[95:64] ^ w1;
    w3   = key[127:96] ^ w2;
    return {w3, w2, w1, w0};
  endfunction

endpackage
// verilator lint_on UNUSEDPARAM
