"""The colours of good and bad, legible on a light page and on a dark one."""

from __future__ import annotations

GOOD, BAD = "#1a7f37", "#b42318"
GOOD_TEXT, BAD_TEXT = f"light-dark({GOOD}, #4ac26b)", f"light-dark({BAD}, #ff8a80)"
DIM_TEXT = "light-dark(#57606a, #a0a8b2)"
LINE = "#8886"
