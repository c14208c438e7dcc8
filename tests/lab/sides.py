"""The same cluster twice: on the twin and in the lab, with the same hands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from runbook.command import Node, Nodes
from runbook.params import load_target
from runbook.record import Journal
from runbook.secret import Redactor
from runbook.session.run import Run


@dataclass
class Side:
    """One of the two. cut, heal: unplug a server's cable and plug it in again, by name."""

    name: str
    folder: Path
    cut: Callable[[str], object]
    heal: Callable[[str], object]
    health: pd.DataFrame = field(default_factory=pd.DataFrame)  # of etcd, as last looked at

    @cached_property
    def run(self) -> Run:
        """A session on it, as a notebook has one; everything is approved."""
        made = Run("walk", load_target(self.folder / "target.yaml"), Journal(), Redactor())
        made.approve(True)
        return made

    @cached_property
    def etcd(self) -> Nodes:
        """The servers that run etcd."""
        return self.run.nodes("coreos")

    @cached_property
    def swarm(self) -> Nodes:
        """The servers of the Swarm; the first one manages."""
        return self.run.nodes("rancheros")

    def node(self, name: str) -> Node:
        """A server by its name."""
        return next(n for n in (*self.etcd, *self.swarm) if n.name == name)

    def close(self) -> None:
        """End its connections."""
        self.run.ssh.close()
