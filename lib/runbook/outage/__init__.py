"""The outage meter: HTTP probes of every address that may serve, through a whole fail-over.

The service is up while any address answers. A probe is one new TCP connection through SSH
forwarding (from the jump host or a living server), one GET, and an answer below 500 within its
own time-out. Probes leave at a fixed interval whether or not the earlier ones have come back.

Resolution: an outage is the time from when the first round of probes that all failed was sent to
the first answer of the round that ended it. The true one began up to one interval earlier and
ended up to one interval earlier, so its length is right within one interval, but for the time
that the probes themselves took. `resolution` is the largest time without a round that was really
seen, never less than the interval asked for (a probe that could not even be sent, because the
server it starts from is lost, counts for nothing), and how long the answers beside an outage took.
How it compares with another client on real engines: docs/outage-meter.md.
"""

from __future__ import annotations

from runbook.outage.meter import Meter
from runbook.outage.probe import Forwarder, Stream, request
from runbook.outage.seen import Outage, Probe, Window, compared

__all__ = ["Forwarder", "Meter", "Outage", "Probe", "Stream", "Window", "compared", "request"]
