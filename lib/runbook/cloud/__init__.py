"""Servers of an OpenStack cloud; openstacksdk is named only in this package."""

from runbook.cloud.client import Cloud
from runbook.cloud.console import fingerprint, host_key_fingerprints, host_keys
from runbook.cloud.power import DEADLINE
from runbook.cloud.refusal import ApiRefused
from runbook.cloud.secrets import secrets_of
from runbook.cloud.values import CloudServer, Seen

__all__ = [
    "DEADLINE",
    "ApiRefused",
    "Cloud",
    "CloudServer",
    "Seen",
    "fingerprint",
    "host_key_fingerprints",
    "host_keys",
    "secrets_of",
]
