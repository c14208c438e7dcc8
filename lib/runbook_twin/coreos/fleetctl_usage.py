"""fleetctl's commands: flags, and the texts of its help and its complaints."""

# ruff: noqa: E501 - texts of the tool are kept in one piece

from __future__ import annotations

from dataclasses import dataclass

from runbook_twin.coreos.goflags import Default
from runbook_twin.coreos.tabwriter import align

_FIELDS = {
    "list-machines": ("machine", "ip", "metadata"),
    "list-units": ("active", "hash", "load", "machine", "sub", "unit"),
    "list-unit-files": ("desc", "dstate", "global", "hash", "state", "target", "unit"),
}
_SHOWN = {
    "list-machines": "machine,ip,metadata",
    "list-units": "unit,machine,active,sub",
    "list-unit-files": "unit,hash,dstate,state,target",
}
_KIND = {"list-machines": "Machine", "list-units": "Unit", "list-unit-files": "Unit File"}

FlagTexts = dict[str, tuple[Default, str]]


@dataclass(frozen=True)
class Usage:
    """A command: one sentence, its arguments, its flags."""

    summary: str
    arguments: str
    flags: FlagTexts

    @property
    def defaults(self) -> dict[str, Default]:
        """Default values by flag name."""
        return {name: default for name, (default, _) in self.flags.items()}

    def complaint(self, problem: str) -> str:
        """What Go prints of a bad flag."""
        lines = [problem, "Usage:"] if problem else ["Usage:"]
        for name, (default, text) in sorted(self.flags.items()):
            kind = {bool: "", int: " int", float: " float"}.get(type(default), " string")
            between = "\t" if len(name) == 1 and not kind else "\n    \t"
            shown = (
                ""
                if not default
                else f' (default "{default}")'
                if kind == " string"
                else f" (default {default})"
            )
            lines.append(f"  -{name}{kind}{between}{text}{shown}")
        return "".join(f"{line}\n" for line in [*lines, *([problem] if problem else [])])


def _listing(name: str) -> FlagTexts:
    valid = ",".join(sorted(_FIELDS[name]))
    fields = f'Columns to print for each {_KIND[name]}. Valid fields are "{valid}"'
    flags: FlagTexts = {"fields": (_SHOWN[name], fields)}
    flags["full"] = (False, "Do not ellipsize fields on output")
    flags["l"] = (False, "Shorthand for --full")
    flags["no-legend"] = (False, "Do not print a legend (column headers)")
    return flags


def _blocking(done: str, verb: str) -> FlagTexts:
    return {
        "block-attempts": (
            0,
            f"Wait until the units are {done}, performing up to N attempts before giving up. "
            "A value of 0 indicates no limit. Does not apply to global units.",
        ),
        "no-block": (
            False,
            f"Do not wait until the units have {verb} before exiting. Always the case for global units.",
        ),
    }


_SIGN: FlagTexts = {"sign": (False, "DEPRECATED - this option cannot be used")}
_SSH: FlagTexts = {"ssh-port": (22, "Connect to remote hosts over SSH using this TCP port")}
COMMANDS: dict[str, Usage] = {
    "cat": Usage("Output the contents of a submitted unit", "UNIT", {}),
    "destroy": Usage("Destroy one or more units in the cluster", "UNIT...", _blocking("destroyed", "been destroyed")),
    "fd-forward": Usage("Proxy stdin and stdout to a unix domain socket", "SOCKET", {}),
    "help": Usage("Show a list of commands or help for one command", "[COMMAND]", {}),
    "journal": Usage(
        "Print the journal of a unit in the cluster to stdout", "[--lines=N] [--ssh-port=N] [-f|--follow] <unit>",
        {
            "f": (False, "Shorthand for --follow"),
            "follow": (False, "Continuously print new entries as they are appended to the journal."),
            "lines": (10, "Number of recent log lines to return"),
            **_SSH,
            "sudo": (False, "Execute journal command with sudo"),
        },
    ),
    "list-machines": Usage("Enumerate the current hosts in the cluster", "[--no-legend] [-l|--full] [--fields]", _listing("list-machines")),
    "list-unit-files": Usage("List the units that exist in the cluster.", "[--no-legend] [-l|--full] [--fields]", _listing("list-unit-files")),
    "list-units": Usage("List the current state of units in the cluster", "[--no-legend] [-l|--full] [--fields]", _listing("list-units")),
    "load": Usage("Schedule one or more units in the cluster, first submitting them if necessary.", "[--no-block|--block-attempts=N] UNIT...", _SIGN | _blocking("loaded", "been loaded")),
    "ssh": Usage(
        "Open interactive shell on a machine in the cluster", "[-A|--forward-agent] [--ssh-port=N] [--machine|--unit] {MACHINE|UNIT} [COMMAND]",
        {
            "A": (False, "Shorthand for --forward-agent"),
            "forward-agent": (False, "Forward local ssh-agent to target machine."),
            "machine": ("", "Open SSH connection to a specific machine."),
            "pseudo-terminal": (False, "Enable pseudo-terminal allocation"),
            **_SSH,
            "unit": ("", "Open SSH connection to machine running provided unit."),
        },
    ),
    "start": Usage("Instruct systemd to start one or more units in the cluster, first submitting and loading if necessary.", "[--no-block|--block-attempts=N] UNIT...", _SIGN | _blocking("launched", "launched")),
    "status": Usage("Output the status of one or more units in the cluster", "[--ssh-port=N] UNIT...", _SSH),
    "stop": Usage("Instruct systemd to stop one or more units in the cluster.", "[--no-block|--block-attempts=N] UNIT...", _blocking("stopped", "stopped")),
    "submit": Usage("Upload one or more units to the cluster without starting them", "UNIT...", _SIGN | _blocking("submitted", "been submitted")),
    "unload": Usage("Unschedule one or more units in the cluster.", "UNIT...", _blocking("inactive", "become inactive")),
    "verify": Usage("DEPRECATED - No longer works", "UNIT", {}),
    "version": Usage("Print the version and exit", "", {}),
}  # fmt: skip
GLOBAL: FlagTexts = {
    "ca-file": ("", "Location of TLS CA file used to secure communication with the fleet API or etcd"),
    "cert-file": ("", "Location of TLS cert file used to secure communication with the fleet API or etcd"),
    "debug": (False, "Print out more debug information to stderr"),
    "driver": ("API", 'Adapter used to execute fleetctl commands. Options include "API" and "etcd".'),
    "endpoint": ("unix:///var/run/fleet.sock", "Location of the fleet API if --driver=API. Alternatively, if --driver=etcd, location of the etcd API."),
    "etcd-key-prefix": ("/_coreos.com/fleet/", "Keyspace for fleet data in etcd (development use only!)"),
    "h": (False, "Print usage information and exit"),
    "help": (False, "Print usage information and exit"),
    "key-file": ("", "Location of TLS key file used to secure communication with the fleet API or etcd"),
    "known-hosts-file": ("~/.fleetctl/known_hosts", "File used to store remote machine fingerprints. Ignored if strict host key checking is disabled."),
    "request-timeout": (3.0, "Amount of time in seconds to allow a single request before considering it failed."),
    "ssh-timeout": (10.0, "Amount of time in seconds to allow for SSH connection initialization before failing."),
    "ssh-username": ("core", "Username to use when connecting to CoreOS instance."),
    "strict-host-key-checking": (True, "Verify host keys presented by remote machines before initiating SSH connections."),
    "tunnel": ("", "Establish an SSH tunnel through the provided address for communication with fleet and etcd."),
    "version": (False, "Print the version and exit"),
}  # fmt: skip


def overview(version: str) -> str:
    """What `fleetctl help` prints."""
    commands = "".join(f"\t{name}\t{usage.summary}\n" for name, usage in COMMANDS.items())
    flags = ""
    for name, (default, text) in GLOBAL.items():
        shown = (
            str(default).lower()
            if isinstance(default, bool)
            else f"{default:g}"
            if isinstance(default, float)
            else default
        )
        flags += f"\t{'-' if name == 'h' else '--'}{name}={shown}\t{text}\n"
    text = (
        "NAME:\n\tfleetctl - fleetctl is a command-line interface to fleet, the cluster-wide CoreOS init system.\n\n"
        "USAGE: \n\tfleetctl [global options] <command> [command options] [arguments...]\n\n"
        f"VERSION:\n\t{version}\n\nCOMMANDS:\n{commands}\nGLOBAL OPTIONS:\n{flags}\n"
        'Global options can also be configured via upper-case environment variables prefixed with "FLEETCTL_"\n'
        'For example, "some-flag" => "FLEETCTL_SOME_FLAG"\n\n'
        'Run "fleetctl help <command>" for more details on a specific command.\n'
    )
    return align(text)


def of_command(name: str) -> str:
    """What `fleetctl help COMMAND` prints."""
    usage = COMMANDS[name]
    flags = ""
    for flag, (default, text) in sorted(usage.flags.items()):
        shown = str(default).lower() if isinstance(default, bool) else default
        flags += f"\t{'-' if len(flag) == 1 else '--'}{flag}={shown}\t{text}\n"
    return align(
        f"NAME:\n\tfleetctl {name} - {usage.summary}\n\nUSAGE:\n\tfleetctl {name} {usage.arguments}\n\n"
        + (f"OPTIONS:\n{flags}\n" if flags else "")
        + 'For help on global options run "fleetctl help"\n'
    )


def fields(name: str, chosen: str) -> list[str] | str:
    """The columns asked for; the name of one that the command does not have."""
    names = chosen.split(",")
    return next((field for field in names if field not in _FIELDS[name]), names)
