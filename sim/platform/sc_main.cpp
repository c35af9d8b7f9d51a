// SPDX-License-Identifier: Apache-2.0
/// libsystemc has a main() that calls this and so wants it defined. The programs of Keyway have
/// their own main and drive the simulation themselves; nobody calls it.
#include <systemc>

int sc_main(int, char**) { return 0; }
