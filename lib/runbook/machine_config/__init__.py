"""A machine's first configuration: rendered from parameters, and held against its dialect."""

from runbook.machine_config.cloud_config import render_cloud_config
from runbook.machine_config.finding import Finding
from runbook.machine_config.ignition import render_ignition
from runbook.machine_config.lint import detect, lint
from runbook.machine_config.parameters import EtcdParameters, MachineParameters

__all__ = [
    "EtcdParameters",
    "Finding",
    "MachineParameters",
    "detect",
    "lint",
    "render_cloud_config",
    "render_ignition",
]
