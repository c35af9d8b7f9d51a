# SPDX-License-Identifier: Apache-2.0
"""rtl/pkg/memory_presets.cmake: the kernel's parameters by the names that a core's name is made of."""


def presets(contract, note):
    rows = [f"set(KEYWAY_MEMORY_{p['name']} ActivationBytes={p['activation_bytes']} WeightBytes={p['weight_bytes']})"
            for p in contract["memory_preset"]]
    return "\n".join(["# SPDX-License-Identifier: Apache-2.0", f"# {note}", "# Kernel parameters of each memory preset.",
                      *rows]) + "\n"
