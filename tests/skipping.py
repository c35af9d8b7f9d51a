# SPDX-License-Identifier: Apache-2.0
"""unittest's main, whose exit status tells ctest that tests were skipped (scripts/cmake/Tests.cmake)."""
import sys
import unittest

SKIPPED = 77


def main():
    result = unittest.main(exit=False).result
    if result.skipped and result.wasSuccessful():
        sys.exit(SKIPPED)
    sys.exit(0 if result.wasSuccessful() and result.testsRun else 1)
