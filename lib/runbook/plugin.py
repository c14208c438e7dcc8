"""What papermill loads at its start: runbooks go to our engine, all else to papermill's own.

The entry point `papermill.engine` names `Dispatcher`; importing this module also puts it in the
place of the default engine, so that plain `papermill runbooks/NAME.ipynb OUT.ipynb` needs no
--engine. It is imported at the start of every papermill in this environment, whatever that is
going to run: so it imports nothing else, and our engine only when a runbook comes.
"""

from __future__ import annotations

from typing import Any

from papermill.engines import NBClientEngine, papermill_engines


class Dispatcher(NBClientEngine):  # type: ignore[misc]
    """papermill's own engine, but for notebooks with a `runbook` block in their metadata."""

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, *args: Any, **options: Any) -> Any:
        """Run the notebook with the engine it belongs to."""
        if "runbook" not in nb.metadata:
            return original.execute_notebook(nb, kernel_name, *args, **options)
        from runbook.engine import execute

        return execute(nb, kernel_name, *args, **options)


original = papermill_engines.get_engine(None)
papermill_engines.register(None, Dispatcher)
