// SPDX-License-Identifier: Apache-2.0
// The only place with assertions. Verilator checks them; tools that do not read them (Yosys) see empty
// macros.
//
//   `KEYWAY_ASSERT(Name, Expression)        Expression holds at every clock edge out of reset
//   `KEYWAY_ASSERT_NEXT(Name, Before, Now)  where Before held at an edge, Now holds at the next one
//   `KEYWAY_ASSERT_HOLD(Name, Valid, Ready, Payload)
//                                           a stalled stream keeps valid and payload (AXI's rule)
//   `KEYWAY_ASSERT_HOLD_IN(Name, Valid, Ready, Payload)
//                                           the same for a stream that the module takes, whose giver
//                                           may be cleared together with it
//   `KEYWAY_ASSERT_HOLD_UNLESS(Name, Valid, Ready, Payload, Dropped)
//                                           the same for one that what is `Dropped` may end
//   `KEYWAY_ASSERT_RESET(Name, Cycles)      a reset that begins lasts so many cycles or more
// All use clk_i and rst_ni of the module they stand in, KEYWAY_ASSERT_HOLD_IN clear_i too.
//
// They are checks of clocked processes, for the simulation's speed: for concurrent assertions Verilator
// copies every signal in every cycle, and for every `assert` it asks its context in every cycle whether
// assertions are on. Here a payload is copied when a stall begins only.
// Registers of the checks have `_assert_` in their names: they are in no hardware. A model that is
// Verilated with KEYWAY_UNCHECKED has no checks either: for what a core does whose contract is broken.
`ifndef KEYWAY_ASSERT_SVH
`define KEYWAY_ASSERT_SVH

`ifdef VERILATOR
`ifndef KEYWAY_UNCHECKED
`define KEYWAY_CHECKED
`endif
`endif

`ifdef KEYWAY_CHECKED
`define KEYWAY_ASSERT(Name, Expression) \
  always_ff @(posedge clk_i) begin : Name \
    if (rst_ni && !(Expression)) $error("does not hold"); \
  end
`define KEYWAY_ASSERT_NEXT(Name, Before, Now) \
  logic Name``_assert_armed_q; \
  always_ff @(posedge clk_i) begin : Name \
    Name``_assert_armed_q <= rst_ni && (Before); \
    if (rst_ni && Name``_assert_armed_q && !(Now)) $error("does not hold"); \
  end
`define KEYWAY_ASSERT_HOLD(Name, Valid, Ready, Payload) \
  `KEYWAY_ASSERT_HOLD_UNLESS(Name, Valid, Ready, Payload, 1'b0)
`define KEYWAY_ASSERT_HOLD_IN(Name, Valid, Ready, Payload) \
  `KEYWAY_ASSERT_HOLD_UNLESS(Name, Valid, Ready, Payload, clear_i)
`define KEYWAY_ASSERT_HOLD_UNLESS(Name, Valid, Ready, Payload, Dropped) \
  logic Name``_assert_stalled_q; \
  logic [$bits(Payload)-1:0] Name``_assert_payload_q; \
  always_ff @(posedge clk_i) begin : Name \
    Name``_assert_stalled_q <= rst_ni && (Valid) && !(Ready) && !(Dropped); \
    if (!Name``_assert_stalled_q && (Valid) && !(Ready)) Name``_assert_payload_q <= (Payload); \
    if (rst_ni && Name``_assert_stalled_q && !(Dropped) \
        && !((Valid) && Name``_assert_payload_q == (Payload))) begin \
      $error("a stalled stream changed"); \
    end \
  end
// How much of a reset is left; all of it while there is none.
`define KEYWAY_ASSERT_RESET(Name, Cycles) \
  logic [$clog2((Cycles) + 1)-1:0] Name``_assert_left_q; \
  always_ff @(posedge clk_i) begin : Name \
    if (rst_ni) begin \
      if (Name``_assert_left_q != '0 && Name``_assert_left_q != ($clog2((Cycles) + 1))'(Cycles)) begin \
        $error("a reset was too short"); \
      end \
      Name``_assert_left_q <= ($clog2((Cycles) + 1))'(Cycles); \
    end else if (Name``_assert_left_q != '0) begin \
      Name``_assert_left_q <= Name``_assert_left_q - 1'b1; \
    end \
  end
`else
`define KEYWAY_ASSERT(Name, Expression)
`define KEYWAY_ASSERT_NEXT(Name, Before, Now)
`define KEYWAY_ASSERT_HOLD(Name, Valid, Ready, Payload)
`define KEYWAY_ASSERT_HOLD_IN(Name, Valid, Ready, Payload)
`define KEYWAY_ASSERT_HOLD_UNLESS(Name, Valid, Ready, Payload, Dropped)
`define KEYWAY_ASSERT_RESET(Name, Cycles)
`endif

`endif
