"""fleetctl status, journal and ssh: what runs a command on the machine of a unit."""

from __future__ import annotations

import hashlib
import posixpath

from runbook_twin import shell
from runbook_twin.coreos.fleet_job import INACTIVE, Job, MachineState, unit_name
from runbook_twin.coreos.fleetctl_api import FleetError, NoClient, Session, dial
from runbook_twin.machine import Machine

_NO_AGENT = (
    "SSH_AUTH_SOCK environment variable is not set. Verify ssh-agent is running. See "
    "https://github.com/coreos/fleet/blob/master/Documentation/using-the-client.md for help."
)


def _fingerprint(machine: Machine) -> str:
    """A stand-in for the fingerprint that Go prints of a host's ECDSA key."""
    digest = hashlib.md5(machine.name.encode(), usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, 32, 2))


async def _on(session: Session, target: MachineState, command: str) -> int:
    """Run a command on a unit's machine: here, or by SSH. Its exit code, 255 without SSH."""
    call = session.call
    own = call.world.machine_at(target.ip)
    if own is call.machine:
        return await _run(session, own, command, call.user)
    if "SSH_AUTH_SOCK" not in call.environment:
        session.complain(f"Error running remote command: {_NO_AGENT}")
        return 255
    try:
        machine = await dial(session, target.ip, int(session.local.number("ssh-port")))
    except NoClient as error:
        session.complain(f"Error running remote command: {str(error).partition(': ')[2]}")
        return 255
    if session.flags.on("strict-host-key-checking") and not _known(session, target.ip):
        call.err(
            f"The authenticity of host '{target.ip}' can't be established.\n"
            f"ECDSA key fingerprint is {_fingerprint(machine)}.\n"
            "Are you sure you want to continue connecting (yes/no)? "
        )
        answer = (await call.read_line()).strip().lower()
        if answer not in (b"yes", b"y"):
            call.err("Host key verification failed.\n")
            session.complain(
                "Error running remote command: ssh: handshake failed: unauthorized host"
            )
            return 255
        call.err(f"Warning: Permanently added '{target.ip}' (ECDSA) to the list of known hosts.\n")
    return await _run(session, machine, command, session.flags.text("ssh-username"))


def _known(session: Session, ip: str) -> bool:
    path = session.flags.text("known-hosts-file").replace("~", f"/home/{session.call.user}")
    disk = session.call.machine.disk
    return path in disk.files and ip in disk.text(path)


async def _run(session: Session, machine: Machine, command: str, user: str) -> int:
    call = session.call
    result = await shell.run(
        machine, command, user=user, write_out=call.write_out, write_err=call.write_err
    )
    return result.exit_code


def _refusal(job: Job | None, name: str, verb: str, state: str) -> str:
    if job is None:
        return f"Unit {name} does not exist."
    if job.is_global:
        return f"Unable to {verb} global unit {name}."
    return f"Unit {name} does not appear to be {state}." if job.current == INACTIVE else ""


async def status(session: Session) -> int:
    """status UNIT..."""
    names = [unit_name(word) for word in session.words]
    try:
        jobs, machines = await session.jobs(), await session.machines()
    except FleetError as error:
        return session.complain(f"Error retrieving unit: {error}")
    for name in names:
        if refusal := _refusal(jobs.get(name), name, "determine status of", "loaded"):
            return session.complain(refusal)
    for number, name in enumerate(names):
        session.call.out("\n" * bool(number))
        target = machines.get(jobs[name].target)
        if target is None:
            return session.complain(f"Unable to find machine {jobs[name].target}")
        if code := await _on(session, target, f"systemctl status -l {name}"):
            return code
    return 0


async def journal(session: Session) -> int:
    """journal UNIT."""
    if len(session.words) != 1:
        return session.complain("One unit file must be provided.")
    name = unit_name(session.words[0])
    try:
        job, machines = (await session.jobs()).get(name), await session.machines()
    except FleetError as error:
        return session.complain(f"Error retrieving unit {name}: {error}")
    if refusal := _refusal(job, name, "retrieve journal of", "running"):
        return session.complain(refusal)
    command = f"journalctl --unit {name} --no-pager -n {int(session.local.number('lines'))}"
    if session.local.on("f") or session.local.on("follow"):
        command += " -f"
    if session.local.on("sudo"):
        command = "sudo " + command
    target = machines.get(job.target) if job else None
    return (
        await _on(session, target, command)
        if target
        else session.complain(f"Unit {name} has no machine")
    )


async def ssh(session: Session) -> int:
    """ssh {MACHINE|UNIT} COMMAND..."""
    words = list(session.words)
    chosen = session.local.text("machine") or session.local.text("unit")
    if not chosen and not words:
        return session.complain("Provide one machine or unit")
    wanted = chosen or words.pop(0)
    try:
        jobs, machines = await session.jobs(), await session.machines()
    except FleetError as error:
        return session.complain(f"Unable to proceed: {error}")
    job = jobs.get(unit_name(posixpath.basename(wanted)))
    found = [
        m for m in machines.values() if m.id.startswith(wanted) or (job and m.id == job.target)
    ]
    if not found:
        return session.complain("Could not determine address of machine.")
    port = int(session.local.number("ssh-port"))
    if found[0].ip != session.call.machine.address:
        try:
            await dial(session, found[0].ip, port)
        except NoClient as error:
            return session.complain(f"Failed building SSH client: {str(error).partition(': ')[2]}")
    return await _on(session, found[0], " ".join(words) or "true")
