"""All fuzz targets, one after the other."""

from __future__ import annotations

import sys

from tests.fuzz.fuzz_report import main

sys.exit(main(sys.argv[1:]))
