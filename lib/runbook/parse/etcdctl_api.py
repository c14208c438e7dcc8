"""What an etcdctl command line says about its API version and its output form."""

from __future__ import annotations

from runbook.parse.command_line import CommandLine, names
from runbook.parse.source import Source

_ONLY_2 = names(
    "output peers no-sync endpoint cert-file key-file ca-file username timeout total-timeout"
    " quorum sort"
)
_ONLY_3 = names(
    "write-out hex command-timeout dial-timeout cert key cacert user insecure-transport"
    " insecure-skip-tls-verify insecure-discovery prefix from-key keys-only print-value-only"
    " count-only consistency order sort-by limit rev"
)


def version(line: CommandLine) -> int | None:
    """2 or 3, or None when the words do not tell (ETCDCTL_API may be set on the server)."""
    asked = line.variables.get("ETCDCTL_API")
    if asked in ("2", "3"):
        return int(asked)
    if _ONLY_2 & line.flags.keys():
        return 2
    return 3 if _ONLY_3 & line.flags.keys() else None


def form_2(source: Source, line: CommandLine) -> str:
    """`simple`, `extended` or `json`; any other makes the tool fail, with exit 0."""
    return _form(source, line.value("output", "simple"), ("simple", "extended", "json"))


def form_3(source: Source, line: CommandLine) -> str:
    """`simple`, `json`, `table` or `fields`."""
    default = line.variables.get("ETCDCTL_WRITE_OUT", "simple")
    return _form(source, line.value("write-out", default), ("simple", "json", "table", "fields"))


def _form(source: Source, form: str, known: tuple[str, ...]) -> str:
    if form not in known:
        raise source.error(f"has no output form {form!r} that can be read")
    return form
