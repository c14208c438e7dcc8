"""`python -m runbook_lab` is the command `runbook lab`."""

from __future__ import annotations

import sys

from runbook_lab.cli import main

if __name__ == "__main__":
    sys.exit(main())
