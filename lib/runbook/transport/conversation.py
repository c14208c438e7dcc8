"""One command on one channel: send its input, read both streams at once, take its exit code."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass

import paramiko

from runbook.transport.broken import BROKEN, reason

DEFAULT_LIMIT = 64 * 1024 * 1024  # bytes of one stream
_PIECE = 65536
_AT_ONCE = 32768  # a window takes as much without waiting for the server to read


@dataclass(frozen=True)
class Reply:
    """What one command line gave. exit_code None = it did not finish, and `why` says so."""

    exit_code: int | None
    stdout: bytes
    stderr: bytes
    why: str = ""


class _Bell(threading.Event):
    """Rings when either stream has something; a stream that is empty must not silence it."""

    def clear(self) -> None:
        """Called by the stream that is empty; the other one may not be."""

    def silence(self) -> None:
        """Wait for the next ring."""
        super().clear()


class _Accepted(threading.Event):
    """Set by paramiko's own thread when the server takes the command: ends the input at once.

    From any other thread the end of the input could come after the close of the channel, when a
    command is quick, and servers end the whole connection for that.
    """

    def __init__(self, channel: paramiko.Channel) -> None:
        super().__init__()
        self._channel = channel

    def set(self) -> None:
        """The command was accepted, or the channel is closed."""
        if self._channel.event_ready and not self._channel.closed:
            self._channel.shutdown_write()
        super().set()


class Conversation:
    """One command line on one open channel."""

    def __init__(self, channel: paramiko.Channel, limit: int) -> None:
        self._channel = channel
        self._limit = limit
        self._why = ""

    def give_up(self) -> None:
        """The deadline has passed; whoever calls this closes the channel too."""
        self._why = self._why or "the deadline passed"

    def hold(self, line: str, stdin: bytes) -> Reply:
        """Run `line`, send stdin, read to the end; ends when the channel is closed by anyone."""
        out, err = bytearray(), bytearray()
        try:
            if not stdin:
                self._channel.event = _Accepted(self._channel)
            self._channel.exec_command(line)
            if 0 < len(stdin) <= _AT_ONCE:
                self._send(stdin)
            elif stdin:
                threading.Thread(target=self._send, args=(stdin,), daemon=True).start()
            self._read(out, err)
            code = self._exit_code()
        except BROKEN as error:
            self._why = self._why or self._lost() or f"the server did not run it: {reason(error)}"
            code = None
        return Reply(None if self._why else code, bytes(out), bytes(err), self._why)

    def _exit_code(self) -> int | None:
        if self._why:
            return None
        self._channel.status_event.wait()
        if self._channel.exit_status < 0:
            self._why = (
                self._why or self._lost() or "it ended without an exit code (killed by a signal?)"
            )
        return self._channel.exit_status

    def _lost(self) -> str:
        transport = self._channel.get_transport()
        return "" if transport.is_active() else "the connection was lost in mid-command"

    def _send(self, stdin: bytes) -> None:
        with contextlib.suppress(*BROKEN):  # the command may end without reading its input
            self._channel.sendall(stdin)
            self._channel.shutdown_write()

    def _read(self, out: bytearray, err: bytearray) -> None:
        channel, bell = self._channel, _Bell()
        channel.in_buffer.set_event(bell)
        channel.in_stderr_buffer.set_event(bell)
        ended = False
        while not ended and not self._why:
            bell.wait()
            bell.silence()
            ended = bool(channel.eof_received or channel.closed)
            while channel.recv_ready() and self._fits(out):
                out += channel.recv(_PIECE)
            while channel.recv_stderr_ready() and self._fits(err):
                err += channel.recv_stderr(_PIECE)

    def _fits(self, stream: bytearray) -> bool:
        if len(stream) > self._limit:
            self._why = self._why or f"more than {self._limit} bytes of output"
        return not self._why
