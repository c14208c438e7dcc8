"""Servers of an OpenStack cloud; openstacksdk is named only in this package."""

from runbook.cloud.client import Cloud
from runbook.cloud.console import host_key_fingerprints, host_keys
from runbook.cloud.power import DEADLINE
from runbook.cloud.refusal import ApiRefused
from runbook.cloud.values import CloudServer, Seen

__all__ = [
    "DEADLINE",
    "ApiRefused",
    "Cloud",
    "CloudServer",
    "Seen",
    "host_key_fingerprints",
    "host_keys",
]
