"""fleetctl 0.11.8 and 1.0.0: which sub-command was asked (article rows F2, F3, F6)."""

from __future__ import annotations

from runbook.parse import fleetctl_acts, fleetctl_lists
from runbook.parse.base import Answer, Parsed, no_parser
from runbook.parse.command_line import Grammar, names, read
from runbook.parse.source import Source

GRAMMAR = Grammar(
    valued=names(
        "driver endpoint etcd-key-prefix etcd-username etcd-password key-file cert-file ca-file"
        " ssh-username ssh-port ssh-timeout tunnel known-hosts-file request-timeout fields"
        " block-attempts"
    ),
    short={"l": "full", "h": "help", "v": "version"},
)


def parse(answer: Answer) -> Parsed:
    """Read an answer of fleetctl: a list, or the lines of an act such as `start`.

    Raises UsageError for a sub-command that has no parser, ParseError for all that cannot be
    read in full.
    """
    line = read(answer.argv, GRAMMAR)
    command = line.words[0] if line.words else ""
    source = Source(f"fleetctl {command}", answer)
    known = [*fleetctl_lists.LISTS, *fleetctl_acts.ACTS]
    if command not in known:
        raise no_parser(("fleetctl", command), (f"fleetctl {name}" for name in known))
    source.refuse_help()
    if command in fleetctl_lists.LISTS:
        return fleetctl_lists.units_or_machines(source, line)
    return fleetctl_acts.events(source, line)
