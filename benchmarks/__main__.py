"""`python -m benchmarks`: run all, print one table; exit code 1 when a target is missed."""

from __future__ import annotations

import argparse
import sys

from benchmarks.commands import many_servers, warm_command
from benchmarks.paired import show
from benchmarks.parsing import docker_ps
from benchmarks.runs import start_up, whole_run

arguments = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
arguments.add_argument("--install-peers", action="store_true", help="pyinfra into a temporary venv")
arguments.add_argument("--target", default="twin", help="where etcd-verify-cluster runs")
given = arguments.parse_args()
rows = [
    warm_command(),
    many_servers(given.install_peers),
    docker_ps(),
    whole_run(given.target),
    *start_up(),
]
show(rows)
sys.exit(any(row.ratio and row.target and row.ratio > row.target for row in rows))
