"""A machine's journal: what systemd and the services said, and how journalctl prints it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime


@dataclass(frozen=True)
class Entry:
    """One line of the journal."""

    at: float
    host: str
    unit: str
    identifier: str
    pid: int
    message: str
    boot: str

    def __str__(self) -> str:
        stamp = datetime.fromtimestamp(self.at, UTC).strftime("%b %d %H:%M:%S")
        return f"{stamp} {self.host} {self.identifier}[{self.pid}]: {self.message}"


@dataclass
class Journal:
    """All entries, oldest first; kept over reboots."""

    entries: list[Entry] = field(default_factory=list)

    def of(self, units: set[str], boot: str = "") -> list[Entry]:
        """Entries of some units (all if none is named), of one boot if it is named."""
        return [
            entry
            for entry in self.entries
            if (not units or entry.unit in units) and (not boot or entry.boot == boot)
        ]

    @staticmethod
    def text(entries: list[Entry]) -> str:
        """The entries as lines, with a mark where another boot begins."""
        lines: list[str] = []
        for before, entry in zip([None, *entries], entries, strict=False):
            if before is not None and before.boot != entry.boot:
                lines.append(f"-- Boot {entry.boot} --")
            lines.append(str(entry))
        return "".join(line + "\n" for line in lines)
