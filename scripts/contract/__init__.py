# SPDX-License-Identifier: Apache-2.0
"""What rtl/pkg/contract.toml says, and each language's way to say it; used by generate_contract.py."""
