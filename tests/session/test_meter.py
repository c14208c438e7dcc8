"""The meter of a run."""

from __future__ import annotations

import threading
from pathlib import Path

from runbook.params import load_target
from runbook.record import Journal
from runbook.secret import Redactor
from runbook.session.run import Run

TARGET = """\
name: hosts
ssh: {config: ssh_config}
groups:
  web: {user: core, servers: {one: 127.0.0.1}}
"""


def probing() -> int:
    return sum("_tick" in thread.name for thread in threading.enumerate())


def test_a_second_meter_stops_the_one_before(tmp_path: Path) -> None:
    (tmp_path / "ssh_config").write_text("Host *\n    UserKnownHostsFile /dev/null\n    Port 1\n")
    (tmp_path / "hosts.yaml").write_text(TARGET)
    run = Run("drill", load_target(tmp_path / "hosts.yaml"), Journal(), Redactor())
    nodes = run.nodes("web")
    run.meter(nodes, 80, via=nodes[0])
    assert probing() == 1
    second = run.meter(nodes, 80, via=nodes[0])
    assert probing() == 1
    second.stop()
    assert probing() == 0
