# SPDX-License-Identifier: Apache-2.0
"""rtl/pkg/core_names.cmake: the kernel's parameters by the parts of a core's name."""


def core_names(contract, note):
    out = ["# SPDX-License-Identifier: Apache-2.0", f"# {note}",
           "# Lanes and depth of a core, which are equal.",
           f"set(KEYWAY_ARRAY_SIZES {' '.join(map(str, contract['shape']['array_sizes']))})",
           "# What the parts of a core's name behind lanes x depth stand for, as parameters of the kernel:",
           "# kinds of arrays by their suffix, and memory presets. A part that a name lacks is the default.",
           f"set(KEYWAY_ARRAY_KINDS {' '.join(map(part, contract['array_kind']))})"]
    for kind in contract["array_kind"]:
        out += [f"set(KEYWAY_ARRAY_{part(kind)} ArrayKind={kind['value']})",
                f"set(KEYWAY_STEP_CYCLES_{part(kind)} {kind['step_cycles']})"]
    for preset in contract["memory_preset"]:
        out.append(f"set(KEYWAY_MEMORY_{preset['name']} {sizes(preset)})")
    out.append(f"set(KEYWAY_MEMORY_DEFAULT {sizes(contract.default_memory())})")
    return "\n".join(out) + "\n"


def part(kind):
    return kind["suffix"] or "DEFAULT"


def sizes(preset):
    return f"ActivationBytes={preset['activation_bytes']} WeightBytes={preset['weight_bytes']}"
