"""Target files as strict models: what is unknown, ill-typed or doubled is refused with its line."""

from __future__ import annotations

import hashlib
import os
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError

from runbook.errors import TargetError

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
Address = Annotated[IPv4Address, Field(strict=False)]
Port = Annotated[int, Field(ge=1, le=65535)]


def _from_target_file(path: Path | None, folder: Path) -> Path | None:
    return (
        None if path is None else (folder / Path(os.path.expandvars(path)).expanduser()).resolve()
    )


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


FilePath = Annotated[Path, Field(strict=False)]


class Ssh(_Model):
    """How servers are reached: OpenSSH's own files; jumps (ProxyJump) stand in the config."""

    config: FilePath | None = Field(None, description="ssh_config file; else the user's own")
    known_hosts: FilePath | None = Field(None, description="overrides UserKnownHostsFile")
    connect_deadline: float = Field(30.0, gt=0, description="seconds for one connection")


class KeyPair(_Model):
    """The key pair that new servers are given."""

    name: Name
    public_key: FilePath


class CloudAccess(_Model):
    """An OpenStack cloud of clouds.yaml."""

    name: Name
    file: FilePath | None = Field(None, description="clouds.yaml; else where openstacksdk looks")
    region: str | None = None
    key_pair: KeyPair


class Power(_Model):
    """Commands (argument lists, run here) that cut and restore the power of `{server}`."""

    off: list[str] = Field(min_length=1)
    on: list[str] = Field(min_length=1)


class ServerEntry(_Model):
    """One server of a group."""

    address: Address
    port: Port = 22


class Group(_Model):
    """Servers of one kind: who logs in, and what the cloud makes them from."""

    user: Name
    image: str | None = None
    flavor: str | None = None
    network: str | None = None
    subnet: Annotated[IPv4Network, Field(strict=False)] | None = None
    servers: dict[Name, ServerEntry] = Field(min_length=1)

    @field_validator("servers", mode="before")
    @classmethod
    def _plain_address(cls, servers: Any) -> Any:
        """`node00: 192.168.0.10` stands for `node00: {address: 192.168.0.10}`."""
        if not isinstance(servers, dict):
            return servers
        return {n: {"address": e} if isinstance(e, str) else e for n, e in servers.items()}


class Target(_Model):
    """Where the servers are, who logs in, which cloud and power switch belong to them."""

    name: Name
    clock: float = Field(1.0, gt=0, description="how much faster than ours its clock runs")
    prepare: list[str] = Field([], description="command run before use; must be idempotent")
    ssh: Ssh = Field(default_factory=Ssh)
    cloud: CloudAccess | None = None
    power: Power | None = Field(
        None, description="for targets without a cloud; none = no power switch"
    )
    groups: dict[Name, Group] = Field(min_length=1)
    _file: Path = PrivateAttr(default=Path())
    _sha256: str = PrivateAttr(default="")

    @property
    def file(self) -> Path:
        """The file that it was read from."""
        return self._file

    @property
    def sha256(self) -> str:
        """Checksum of that file, hex."""
        return self._sha256

    @field_validator("clock", mode="before")
    @classmethod
    def _whole_clock(cls, value: Any) -> Any:
        return float(value) if type(value) is int else value

    @model_validator(mode="after")
    def _no_server_twice(self) -> Target:
        seen: dict[str, str] = {}
        for group_name, group in self.groups.items():
            for name, server in group.servers.items():
                for value in (name, f"{server.address}:{server.port}"):
                    if value in seen:
                        raise ValueError(f"{value} stands in groups {seen[value]} and {group_name}")
                    seen[value] = group_name
        return self


def load_target(file: Path) -> Target:
    """Read and check a target file; its relative paths are relative to the file.

    Raises TargetError with file, line, key path, and what was expected.
    """
    try:
        content = file.read_bytes()
        data = YAML(typ="rt").load(content.decode("utf-8"))
    except OSError as error:
        raise TargetError(f"{file}: {error.strerror}", remedy="check the path") from None
    except UnicodeDecodeError as error:
        raise TargetError(f"{file}: is not UTF-8 text (byte {error.start})") from None
    except DuplicateKeyError as error:
        mark = error.problem_mark
        raise TargetError(f"{file}:{mark.line + 1}: {error.problem}", remedy="keep one") from None
    except MarkedYAMLError as error:
        line = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise TargetError(
            f"{file}{line}: {error.problem or error.context}", remedy=_REMEDY
        ) from None
    if not isinstance(data, dict):
        raise TargetError(
            f"{file}: expected keys and values, found {type(data).__name__}", remedy=_REMEDY
        )
    try:
        target = Target.model_validate(_plain(data))
    except ValidationError as error:
        raise TargetError(
            "\n".join(_told(file, data, problem) for problem in error.errors()), remedy=_REMEDY
        ) from None
    return _located(target, file, hashlib.sha256(content).hexdigest())


def target_schema() -> dict[str, Any]:
    """JSON Schema of a target file, for editors."""
    return Target.model_json_schema()


_REMEDY = "`runbook target schema` prints what a target file may hold"


def _plain(data: Any) -> Any:
    """ruamel's containers and scalars as plain Python."""
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain(value) for value in data]
    for kind in (bool, int, float, str):
        if isinstance(data, kind):
            return kind(data)
    return data


def _line(data: Any, path: tuple[Any, ...]) -> int:
    """The line (from 1) of the deepest key of `path` that stands in the file."""
    line = 1
    for key in path:
        try:
            line = (data.lc.item if isinstance(key, int) else data.lc.key)(key)[0] + 1
            data = data[key]
        except (KeyError, IndexError, AttributeError, TypeError):
            break
    return line


def _told(file: Path, data: Any, problem: Any) -> str:
    path = tuple(part for part in problem["loc"] if part != "[key]")
    shown = ".".join(str(part) for part in path) or "(whole file)"
    what = (
        "unknown key"
        if problem["type"] == "extra_forbidden"
        else problem["msg"].removeprefix("Value error, ")
    )
    value = problem.get("input")
    got = (
        ""
        if isinstance(value, (dict, list)) or problem["type"] == "missing"
        else f", got {value!r}"
    )
    return f"{file}:{_line(data, path)}: {shown}: {what}{got if what != 'unknown key' else ''}"


def _located(target: Target, file: Path, sha256: str) -> Target:
    """The target with absolute paths."""
    folder = file.resolve().parent
    ssh = target.ssh.model_copy(
        update={
            "config": _from_target_file(target.ssh.config, folder),
            "known_hosts": _from_target_file(target.ssh.known_hosts, folder),
        }
    )
    cloud = target.cloud
    if cloud is not None:
        public_key = _from_target_file(cloud.key_pair.public_key, folder)
        pair = cloud.key_pair.model_copy(update={"public_key": public_key})
        cloud = cloud.model_copy(
            update={"file": _from_target_file(cloud.file, folder), "key_pair": pair}
        )
    located = target.model_copy(update={"ssh": ssh, "cloud": cloud})
    located._file, located._sha256 = file.resolve(), sha256
    return located
