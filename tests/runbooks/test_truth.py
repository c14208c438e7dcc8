"""The outage meter through real SSH, against what the cluster itself says of its outage."""

from __future__ import annotations

import subprocess
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from runbook.facts import swarm
from runbook.params import load_target
from runbook.record import Journal
from runbook.secret import Redactor
from runbook.session.run import Run

from .conftest import Cluster, cluster

SLOW = 2  # on a fast clock our own processor would be what is measured


def lag(made: Cluster) -> tuple[float, float]:
    """How far the cluster's clock is behind ours, at least and at most (asking takes time): it
    leaves out the time in which its process got no processor."""
    asked = time.monotonic()
    at = datetime.fromisoformat(made.ask("GET", "/twin/status")["time"]).timestamp()
    return asked * SLOW - at, time.monotonic() * SLOW - at


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """A run on the article's clusters, with the hand that breaks them."""
    with cluster(tmp_path / "c", SLOW) as made:
        yield made, Run("drill", load_target(Path(made.target)), Journal(), Redactor())


def kill(made: Cluster, node: str) -> None:
    """Kill the task's container on its node."""
    container = "docker kill $(docker ps -q --filter name=webserver)"
    ssh = ["ssh", "-F", str(made.folder / "ssh_config"), node, container]
    subprocess.run(ssh, check=True, capture_output=True, timeout=60)


def test_the_meter_is_right_within_one_probe_interval(run: tuple[Cluster, Run]) -> None:
    made, session = run
    nodes = session.nodes("rancheros")
    manager, workers = nodes[0], nodes[1:]
    task = swarm.running_tasks(manager, "webserver")
    [where] = task.node
    before, _ = lag(made)
    meter = session.meter(workers, 80, via=manager)
    session.wait_until("the page answers", meter.answering())
    since = len(made.events())
    kill(made, workers.named(where).address)
    meter.mark("killed")
    session.wait_until("the page answers again", meter.answering())
    seen = meter.stop()
    events = made.events()[since:]
    [down] = [at for at, what in events if what.startswith("container webserver.1.")][:1]
    [up] = [at for at, what in events if what.startswith("task webserver.1 up")]
    assert up - down > 1
    _, after = lag(made)
    stood_still = after - before
    # The page went down before the first bad probe had failed, and was up again before the first
    # good one was answered: what these two took is what no meter can know.
    *others, window = sorted(seen.windows, key=lambda window: window.seconds)
    # A page that gets no processor is away, too.
    assert sum(other.seconds for other in others) <= stood_still, seen
    failed = min(p.took for p in seen.probes if p.sent == window.start and p.failure)
    answered = next(p.took for p in seen.probes if p.sent + p.took == window.end)
    unknown = stood_still + failed + answered
    assert abs(seen.longest - (up - down)) <= seen.resolution + unknown, seen
