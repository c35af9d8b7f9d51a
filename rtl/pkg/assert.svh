// SPDX-License-Identifier: Apache-2.0
// The only place with concurrent assertions. Tools that do not read them (Yosys) define nothing and
// see empty macros; Verilator checks them when it is called with --assert, which our build always does.
//
//   `KEYWAY_ASSERT(Name, expression)        expression holds at every clock edge out of reset
//   `KEYWAY_ASSERT_HOLD(Name, valid, ready, payload)
//                                           a stalled stream keeps valid and payload (AXI's rule)
// Both use clk_i and rst_ni of the module they stand in.
`ifndef KEYWAY_ASSERT_SVH
`define KEYWAY_ASSERT_SVH

`ifdef VERILATOR
`define KEYWAY_ASSERT(Name, Expression) \
  Name: assert property (@(posedge clk_i) disable iff (!rst_ni) (Expression)) \
    else $error("%m: assertion failed");
`define KEYWAY_ASSERT_HOLD(Name, Valid, Ready, Payload) \
  Name: assert property (@(posedge clk_i) disable iff (!rst_ni) \
      ((Valid) && !(Ready)) |=> ((Valid) && $stable(Payload))) \
    else $error("%m: a stalled stream changed");
`else
`define KEYWAY_ASSERT(Name, Expression)
`define KEYWAY_ASSERT_HOLD(Name, Valid, Ready, Payload)
`endif

`endif
