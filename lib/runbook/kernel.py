"""Hooks inside the kernel: nothing leaves it unredacted, errors are shown for the operator."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from IPython.core.getipython import get_ipython

from runbook.errors import RunbookError
from runbook.record import Journal, Planned
from runbook.secret import Redactor


def install(journal: Journal, redactor: Redactor) -> None:
    """Hook into the running kernel; outside of one, nothing happens. A second call replaces.

    Every message of the kernel is redacted by value; a RunbookError is shown as what happened,
    evidence and remedy, without a traceback; every error that ends a cell is journalled.
    """
    shell: Any = get_ipython()
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return
    if not isinstance(kernel.session.send, CleanSend):
        kernel.session.send = CleanSend(kernel.session)
        shell.set_custom_exc((RunbookError, KeyboardInterrupt), _show)
        shell.history_manager.enabled = False  # no file keeps what was typed here
        shell.runbook_witness = _Witness()
        shell.events.register("post_run_cell", shell.runbook_witness)
    kernel.session.send.redactor = redactor
    shell.runbook_witness.journal = journal


def tell_what_is_left(left: Callable[[], str]) -> None:
    """From now on an error that ends a cell is followed by what the run leaves behind.

    left: shows and gives its words; empty when there is nothing to say.
    """
    witness = getattr(get_ipython(), "runbook_witness", None)
    if witness is not None:
        witness.left = left


class CleanSend:
    """The kernel's `session.send`, with every text in the message cleaned first.

    A stream arrives in pieces, and a secret may be cut between two. So an end that may be the
    beginning of a secret is held back until more comes, or until the cell is done.
    """

    def __init__(self, session: Any, redactor: Redactor | None = None) -> None:
        self.session = session
        self.send = session.send
        self.redactor = redactor or Redactor()
        self._held: dict[str, tuple[Any, dict[str, Any], Any]] = {}  # by the stream's name
        self._lock = threading.RLock()

    def __call__(
        self,
        stream: Any,
        msg_or_type: Any,
        content: Any = None,
        parent: Any = None,
        ident: Any = None,
        buffers: Any = None,
        track: bool = False,
        header: Any = None,
        metadata: Any = None,
    ) -> Any:
        if isinstance(msg_or_type, str):
            message = self.session.msg(
                msg_or_type, content=content, parent=parent, header=header, metadata=metadata
            )
        else:
            message = dict(msg_or_type)
        kind = message["header"]["msg_type"]
        with self._lock:
            if kind in ("status", "clear_output"):
                self._release()
            if kind == "stream":
                message["content"] = self._hold(stream, message, ident)
                if not message["content"]["text"]:
                    return None
            for part in ("content", "metadata"):
                message[part] = self.redactor.clean_all(message.get(part) or {})
            return self.send(stream, message, ident=ident, buffers=buffers, track=track)

    def _hold(self, stream: Any, message: dict[str, Any], ident: Any) -> dict[str, Any]:
        """The stream's text, what was held before it included, without what is held now."""
        name = message["content"]["name"]
        _, earlier, _ = self._held.pop(name, (None, {}, None))
        text = earlier.get("content", {}).get("text", "") + message["content"]["text"]
        # Whole values go first: cutting must not take one of them apart.
        text = self.redactor.clean_values(text)
        end = len(text) - self.redactor.held_back(text)
        if text[end:]:
            # A message of its own: an id can be sent only once.
            late = {"name": name, "text": text[end:]}
            late_message = self.session.msg("stream", late, parent=message["parent_header"])
            self._held[name] = (stream, late_message, ident)
        return {"name": name, "text": text[:end]}

    def _release(self) -> None:
        for stream, message, ident in self._held.values():
            message["content"] = self.redactor.clean_all(message["content"])
            self.send(stream, message, ident=ident)
        self._held.clear()


class _Witness:
    """Journals the error that ended a cell, and tells what the run leaves behind."""

    journal: Journal
    left: Callable[[], str] = staticmethod(lambda: "")

    def __call__(self, result: Any) -> None:
        error = result.error_before_exec or result.error_in_exec if result else None
        if isinstance(error, Planned):
            if all(event["event"] != "planned" for event in self.journal.events):
                self.journal.planned()
        elif error is not None:
            exit_code = 130 if isinstance(error, KeyboardInterrupt) else 5
            exit_code = getattr(error, "exit_code", exit_code)
            left = self.left()
            words = f"{error}\n{left}" if left else str(error)
            self.journal.error(type(error).__name__, exit_code, words)


def _show(shell: Any, kind: type, error: BaseException, trace: Any, tb_offset: Any = None) -> Any:
    """Show the error in its own words; the cell ends with an error all the same."""
    words = str(error) or "stopped; what was begun on a server may go on there"
    lines = f"{kind.__name__}: {words}".splitlines()
    shell._showtraceback(kind, error, lines)
    return lines
