"""What several tests share."""

from __future__ import annotations

import psutil
from hypothesis import HealthCheck, settings

# A busy machine is no finding. Where CI is set, hypothesis tries the same examples each time: a
# change is refused for what it brings, not for what chance finds.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody waited for does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
