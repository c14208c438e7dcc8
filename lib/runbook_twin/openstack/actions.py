"""Nova's server actions: power, reboot, pause, rebuild, lock, console."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from runbook_twin.openstack import server_view
from runbook_twin.openstack.computing import Computing, bad_field
from runbook_twin.openstack.handler import ApiError
from runbook_twin.openstack.lifecycle import Lifecycle
from runbook_twin.openstack.records import Image, Server


@dataclass(frozen=True)
class Rule:
    """An action: its name in errors, where it may begin, the task it sets, what it does."""

    name: str
    vm_states: tuple[str, ...]
    task: str
    act: Callable[[Lifecycle], Coroutine[Any, Any, None]]
    busy_tasks: tuple[str, ...] = ()  # tasks that it may interrupt


_HARD = ("rebooting", "reboot_pending", "reboot_started", "rebooting_hard", "pausing", "unpausing")
RULES = {
    "os-stop": Rule("stop", ("active", "error"), "powering-off", lambda life: life.stop()),
    "os-start": Rule("start", ("stopped",), "powering-on", lambda life: life.start()),
    "pause": Rule("pause", ("active",), "pausing", lambda life: life.pause(paused=True)),
    "unpause": Rule("unpause", ("paused",), "unpausing", lambda life: life.pause(paused=False)),
    "SOFT": Rule("reboot", ("active",), "rebooting", lambda life: life.reboot(hard=False)),
    "HARD": Rule(
        "reboot",
        ("active", "stopped", "paused", "suspended", "error"),
        "rebooting_hard",
        lambda life: life.reboot(hard=True),
        _HARD,
    ),
}


def conflict(action: str, server: Server, attribute: str, state: str | None) -> ApiError:
    """Nova's 409 for an action at the wrong time."""
    return ApiError(
        409, f"Cannot '{action}' instance {server.id} while it is in {attribute} {state}"
    )


class Actions(Computing):
    """POST /compute/v2.1/servers/ID/action."""

    def post(self, server_id: str) -> None:
        """Do the one action that the body names."""
        try:
            body = json.loads(self.request.body)
            [(name, given)] = body.items()
        except (ValueError, AttributeError):
            raise ApiError(400, "Malformed request body") from None
        server = self._placed(server_id)
        if name == "reboot":
            kind = str((given or {}).get("type", "")).upper()
            if kind not in ("SOFT", "HARD"):
                raise bad_field("type", kind, f"{kind!r} is not one of ['HARD', 'SOFT']")
            name = kind
        if name in RULES:
            self._begin(server, RULES[name])
            self.empty(202)
        elif name == "os-getConsoleOutput":
            self._console(server, (given or {}).get("length"))
        elif name == "rebuild":
            self._rebuild(server, given or {})
        elif name in ("lock", "unlock"):
            server.locked = name == "lock"
            self.empty(202)
        else:
            raise ApiError(400, f"There is no such action: {name}")

    def _placed(self, server_id: str) -> Server:
        """The server, once the scheduler has found a place for it; until then nova has no cell."""
        server = self.project.server(server_id)
        if server.vm_state == "building" and not server.host:
            raise ApiError(404, f"Instance {server_id} could not be found.")
        return server

    def _begin(self, server: Server, rule: Rule) -> None:
        if server.locked:
            raise ApiError(409, f"Instance {server.id} is locked")
        claimed = server.task_state is not None or server.vm_state != "building"
        if not server.host or not claimed:
            raise ApiError(409, f"Instance {server.id} is not ready")
        if server.vm_state not in rule.vm_states:
            raise conflict(rule.name, server, "vm_state", server.vm_state)
        if server.task_state is not None and server.task_state not in rule.busy_tasks:
            raise conflict(rule.name, server, "task_state", server.task_state)
        if server.launched is None:
            message = f"Cannot '{rule.name}' instance {server.id} while it has never been active"
            raise ApiError(409, message)
        server.task_state = rule.task
        server.updated = self.project.clock.now()
        self.project.start(rule.act(Lifecycle(self.project, server)))

    def _console(self, server: Server, length: Any) -> None:
        if server.launched is None:
            raise ApiError(409, f"Instance {server.id} is not ready")
        text = self.project.hypervisor.console(server.id)
        if length is not None and int(length) >= 0:
            lines = text.splitlines(keepends=True)
            text = "".join(lines[max(0, len(lines) - int(length)) :])
        self.answer({"output": text})

    def _rebuild(self, server: Server, given: dict[str, Any]) -> None:
        wanted = str(given.get("imageRef", ""))
        images: dict[str, Image] = {image.id: image for image in self.project.images}
        if wanted not in images:
            raise ApiError(400, "Cannot find image for rebuild")
        image = images[wanted]
        rule = Rule(
            "rebuild",
            ("active", "stopped", "error"),
            "rebuilding",
            lambda life: life.rebuild(image),
        )
        self._begin(server, rule)
        server.name = str(given.get("name", server.name))
        self.answer({"server": server_view.detail(self, server)}, 202)
