"""How a docker command fails: what the daemon refuses, what the client prints."""

from __future__ import annotations


class DaemonError(Exception):
    """A refusal of the daemon; clients print `Error response from daemon: MESSAGE`.

    code: the exit code of `docker run` for it (125 the daemon, 126/127 the command).
    status: the status of the HTTP API.
    """

    def __init__(self, message: str, *, code: int = 125, status: int = 500) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status


class ClientError(Exception):
    """A failure that the client words itself: printed as is on stderr, with an exit code."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class DaemonDown(Exception):
    """No daemon answers on the socket."""
