"""Target files as strict models: what is unknown or ill-typed is refused."""

from __future__ import annotations

import os
import re
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)
from pydantic_core import PydanticCustomError

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]


def _text(value: Any) -> Any:
    """pydantic would take numbers for addresses, networks and paths too."""
    if not isinstance(value, str) or not value:
        raise ValueError("expected a text")
    return value


def _url(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
        raise ValueError("expected a URL such as http://192.168.0.1:2379")
    return value.rstrip("/")


def _path(value: Any) -> Any:
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ValueError("expected a path")
        try:
            Path(os.path.expandvars(value)).expanduser()
        except RuntimeError:
            raise ValueError("there is no such user's home") from None
    return _text(value)


Address = Annotated[IPv4Address, Field(strict=False), BeforeValidator(_text)]
Network = Annotated[IPv4Network, Field(strict=False), BeforeValidator(_text)]
FilePath = Annotated[Path, Field(strict=False), BeforeValidator(_path)]
Url = Annotated[str, BeforeValidator(_url)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Ssh(_Model):
    """How servers are reached: OpenSSH's own files; jumps (ProxyJump) stand in the config."""

    config: FilePath | None = Field(None, description="ssh_config file; else the user's own")
    known_hosts: FilePath | None = Field(None, description="overrides UserKnownHostsFile")
    connect_deadline: Seconds = Field(30.0, description="seconds for one connection")


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


def _server(value: Any) -> Any:
    """`node00: 192.168.0.10` stands for `node00: {address: 192.168.0.10}`."""
    return {"address": value} if isinstance(value, str) else value


class Group(_Model):
    """Servers of one kind: who logs in, and what the cloud makes them from."""

    user: Name
    image: str | None = None
    flavor: str | None = None
    network: str | None = None
    subnet: Network | None = None
    servers: dict[
        Name,
        Annotated[ServerEntry, BeforeValidator(_server, json_schema_input_type=str | ServerEntry)],
    ] = Field(min_length=1)


class Target(_Model):
    """Where the servers are, who logs in, which cloud and power switch belong to them."""

    name: Name
    clock: Seconds = Field(1.0, description="how much faster than ours its clock runs")
    prepare: list[str] = Field([], description="command run before use; must be idempotent")
    ssh: Ssh = Field(default_factory=Ssh)
    cloud: CloudAccess | None = None
    power: Power | None = Field(
        None, description="for targets without a cloud; none = no power switch"
    )
    discovery: Url | None = Field(
        None, description="an etcd of your own that keeps the discovery tokens of new clusters"
    )
    secrets: dict[str, str] = Field(
        {}, description="name -> env:NAME, file:PATH or command:...; kept out of everything shown"
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

    @model_validator(mode="after")
    def _servers_have_their_own_place(self) -> Target:
        seen: dict[str, str] = {}
        for group_name, group in self.groups.items():
            for name, server in group.servers.items():
                path = ("groups", group_name, "servers", name)
                for value in (name, f"{server.address}:{server.port}"):
                    if value in seen:
                        raise _misplaced(
                            path, f"{value} stands in groups {seen[value]} and {group_name}"
                        )
                    seen[value] = group_name
                if group.subnet and server.address not in group.subnet:
                    raise _misplaced(path, f"{server.address} is not in subnet {group.subnet}")
        return self


def _misplaced(path: tuple[str, ...], why: str) -> PydanticCustomError:
    """An error that says which key it is about; pydantic knows only the whole file."""
    return PydanticCustomError("misplaced", "{why}", {"why": why, "path": path})


def target_schema() -> dict[str, Any]:
    """JSON Schema of a target file, for editors."""
    return Target.model_json_schema()
