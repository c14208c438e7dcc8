"""What paramiko raises when a connection does not come about or breaks."""

from __future__ import annotations

import paramiko

BROKEN = (paramiko.SSHException, EOFError, OSError)


def reason(error: BaseException) -> str:
    """An error's own words; an end without words was the other side's."""
    if isinstance(error, paramiko.ChannelException):  # the jump host could not go on from there
        return error.text.lower()
    return str(error) or "closed by the other side"
