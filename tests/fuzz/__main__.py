"""All fuzz targets, one after the other: reports for as long as is asked, then the interface of programs and the pages."""

from __future__ import annotations

import sys

from tests.fuzz import fuzz_api, fuzz_pages, fuzz_report

sys.exit(max(fuzz_report.main(sys.argv[1:]), fuzz_api.main([]), fuzz_pages.main([])))
