"""The head of an HTTP/1.1 answer: status line and headers."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from runbook_twin.machine import HttpAnswer


def head_of(answer: HttpAnswer, now: datetime) -> bytes:
    """The headers as the handler gave them, then Date and Content-Length if it gave none."""
    names = {name.lower() for name in answer.headers}
    phrase = HTTPStatus(answer.status).phrase if answer.status in set(HTTPStatus) else ""
    lines = [f"HTTP/1.1 {answer.status} {phrase}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if "date" not in names:
        lines.append(now.strftime("Date: %a, %d %b %Y %H:%M:%S GMT"))
    if not names & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(answer.body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
