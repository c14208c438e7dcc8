"""Jupyter runbooks that can be rehearsed, run unattended and proven afterwards.

>>> from runbook import start          # in a notebook's set-up cell  # doctest: +SKIP
>>> run = start("etcd-verify-cluster", "twin")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runbook.session import Run, start

__all__ = ["Run", "start"]


def __getattr__(name: str) -> Any:
    # Imported on first use: the command line starts without pandas and IPython.
    if name in __all__:
        from runbook import session

        return getattr(session, name)
    raise AttributeError(f"module 'runbook' has no attribute {name!r}")
