"""Our side: one command on each server; prints the CPU seconds from the first connection on."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from runbook.command import Node, Nodes
from runbook.inventory import Server
from runbook.transport import Ssh


def _cpu() -> float:
    """Of this process and of the `ssh -G` that it starts."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


folder, ports = Path(sys.argv[1]), sys.argv[2].split(",")
ssh = Ssh(folder / "ssh_config")
nodes = Nodes(
    [Node(Server(f"n{port}", "", "127.0.0.1", int(port), "operator"), ssh) for port in ports]
)
began = _cpu()
results = nodes.run("uname -sr", deadline=60).results
used = _cpu() - began
if [result.text for result in results] != ["Linux 6.1\n"] * len(ports):
    sys.exit("not every server has answered")
sys.stdout.write(f"{used}\n")
