"""The routes under /twin/: what the twin itself tells and lets be done to it."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tornado.routing import URLSpec
from tornado.web import HTTPError, RequestHandler

from runbook_twin import faults
from runbook_twin.world import World

TOKEN_HEADER = "X-Twin-Token"  # noqa: S105 - the header's name


class Guarded(RequestHandler):
    """Base: only with the token, which `initialize` gives."""

    token: str

    def prepare(self) -> None:
        """Refuse strangers."""
        if not hmac.compare_digest(self.request.headers.get(TOKEN_HEADER, ""), self.token):
            raise HTTPError(401)

    def data_received(self, chunk: bytes) -> None:
        """Bodies are small: nothing is streamed."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """One JSON object."""
        self.finish({"error": self._reason})


class Control(Guarded):
    """Base of the twin's own routes."""

    def initialize(self, world: World, token: str, stop: Callable[[], None]) -> None:
        """Given by the route."""
        self.world, self.token, self.stop = world, token, stop


class Status(Control):
    """GET /twin/status."""

    def get(self) -> None:
        """Machines and faults."""
        self.finish({"time": moment(self.world.clock.now()), "machines": machines(self.world),
                     "faults": faults.active(self.world)})  # fmt: skip


class Events(Control):
    """GET /twin/events."""

    def get(self) -> None:
        """JSON lines: what really happened, and when."""
        self.set_header("Content-Type", "application/x-ndjson")
        for at, text in self.world.events:
            self.write(json.dumps({"t": round(at, 3), "time": moment(at), "event": text}) + "\n")


class FaultRoute(Control):
    """/twin/faults."""

    def get(self) -> None:
        """The faults in force, and those that there are."""
        kinds = {name: [kind.arguments, kind.does] for name, kind in faults.KINDS.items()}
        self.finish({"active": faults.active(self.world), "kinds": kinds})

    def post(self) -> None:
        """{"name": ..., "arguments": [...]}: break or mend something."""
        try:
            asked = json.loads(self.request.body)
            faults.apply(
                self.world, str(asked["name"]), [str(a) for a in asked.get("arguments", [])]
            )
        except faults.UnknownFault as error:
            self.set_status(400)
            self.finish({"error": str(error)})
            return
        except (ValueError, KeyError, AttributeError, TypeError):
            self.set_status(400)
            self.finish({"error": 'expected {"name": ..., "arguments": [...]}'})
            return
        self.finish({"active": faults.active(self.world)})

    def delete(self) -> None:
        """Mend everything."""
        faults.clear(self.world)
        self.finish({"active": faults.active(self.world)})


class Stop(Control):
    """POST /twin/stop."""

    def post(self) -> None:
        """End the twin."""
        self.finish({})
        self.stop()


def moment(at: float) -> str:
    """A time of the twin as ISO 8601."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def machines(world: World) -> list[dict[str, Any]]:
    """One row per machine, by address."""
    rows = []
    for machine in sorted(world.machines.values(), key=lambda m: [*map(int, m.address.split("."))]):
        state = "up" if machine.powered else "booting" if machine.starting else "off"
        rows.append({
            "name": machine.name, "address": machine.address, "image": machine.image,
            "user": machine.user, "state": state, "connected": machine.address not in world.cut,
            "boots": machine.boots,
        })  # fmt: skip
    return rows


def routes(world: World, token: str, stop: Callable[[], None]) -> list[URLSpec]:
    """The rules for a tornado application."""
    given = {"world": world, "token": token, "stop": stop}
    kinds = {"status": Status, "events": Events, "faults": FaultRoute, "stop": Stop}
    return [URLSpec(f"/twin/{name}$", kind, given) for name, kind in kinds.items()]
