"""`python -m runbook_twin`."""

from __future__ import annotations

import sys

from runbook_twin.cli import main

if __name__ == "__main__":
    sys.exit(main())
