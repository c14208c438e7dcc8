"""Cut a list into pages the way the services do: limit and marker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from runbook_twin.openstack.handler import ApiError

Item = TypeVar("Item")


def whole_number(text: str | None, name: str) -> int | None:
    """A query parameter as a number. Raises ApiError 400."""
    if text is None:
        return None
    if not text.lstrip("-").isdigit():
        raise ApiError(400, f"Invalid input for query parameters {name}. Value: {text}")
    number = int(text)
    if number < 0:
        raise ApiError(
            400,
            f"Invalid input for query parameters {name}. Value: {text}. "
            f"'{text}' does not match '^[0-9]*$'",
        )
    return number


def page(
    items: Sequence[Item],
    limit: int | None,
    marker: str | None,
    *,
    key: Callable[[Item], str],
    missing: str = "marker [{marker}] not found",
) -> list[Item]:
    """The items after `marker`, at most `limit`. Raises ApiError 400 for an unknown marker."""
    found = list(items)
    if marker is not None:
        places = [place for place, item in enumerate(found) if key(item) == marker]
        if not places:
            raise ApiError(400, missing.format(marker=marker))
        found = found[places[0] + 1 :]
    return found if limit is None else found[:limit]
