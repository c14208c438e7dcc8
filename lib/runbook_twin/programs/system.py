"""Programs that tell about the machine: id, hostname, uname, date, uptime, df, ps, sleep, which."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from runbook_twin import access
from runbook_twin.machine import Call
from runbook_twin.programs.base import Usage, options, program

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@program("id", "whoami", "groups")
async def identity(call: Call) -> int:
    """id [-u] [-n] [USER], whoami."""
    given, names = options(call, "ungG")
    user = names[0] if names else call.user
    if user not in ("root", call.machine.user, call.user):
        call.err(f"id: ‘{user}’: no such user\n")
        return 1
    number = {"root": 0, "core": 500, "rancher": 1100}.get(user, 1000)
    groups = "" if user == "root" else ",10(wheel),233(docker)"
    if call.name == "groups" or "G" in given:
        call.out("root\n" if user == "root" else f"{user} wheel docker\n")
    elif call.name == "whoami" or "n" in given:
        call.out(f"{user}\n")
    elif given:
        call.out(f"{number}\n")
    else:
        call.out(f"uid={number}({user}) gid={number}({user}) groups={number}({user}){groups}\n")
    return 0


@program("hostname")
async def hostname(call: Call) -> int:
    """hostname [-s | -f | -i | -I | NAME]."""
    given, names = options(call, "sfiId", long="fqdn=f short=s ip-address=i")
    if names:
        if not call.root:
            call.err("hostname: you must be root to change the host name\n")
            return 1
        call.machine.hostname = names[0]
    elif {"i", "I"} & set(given):
        call.out(f"{call.machine.address}{' ' if 'I' in given else ''}\n")
    else:
        name = call.machine.hostname
        call.out(f"{name.split('.')[0] if 's' in given else name}\n")
    return 0


@program("hostnamectl")
async def hostnamectl(call: Call) -> int:
    """hostnamectl [status | set-hostname NAME]."""
    _, words = options(call, "", long="static=s transient=t no-ask-password=q")
    if words[:1] in (["set-hostname"], ["hostname"]) and len(words) == 2:
        if not call.root:
            call.err("Could not set property: Interactive authentication required.\n")
            return 1
        call.machine.hostname = words[1]
        call.machine.disk.write("/etc/hostname", words[1] + "\n", now=call.clock.now())
        return 0
    if words and words[0] not in ("status", "hostname"):
        call.err(f"Unknown operation '{words[0]}'.\n")
        return 1
    rows = {
        "Static hostname": call.machine.hostname, "Icon name": "computer-vm", "Chassis": "vm",
        "Virtualization": "kvm", "Architecture": "x86-64",
    }  # fmt: skip
    call.out("".join(f"{name:>18}: {value}\n" for name, value in rows.items()))
    return 0


@program("uname")
async def uname(call: Call) -> int:
    """uname [-asnrvmo]."""
    given, _ = options(call, "asnrvmpio", long="all=a")
    values = {
        "s": "Linux", "n": call.machine.hostname, "r": call.machine.kernel,
        "v": "#1 SMP", "m": "x86_64", "o": "GNU/Linux",
    }  # fmt: skip
    wanted = "snrvmo" if "a" in given else [key for key in "snrvmo" if key in given] or "s"
    call.out(" ".join(values[key] for key in wanted) + "\n")
    return 0


@program("date")
async def date(call: Call) -> int:
    """date [-u] [-d @SECONDS] [+FORMAT]."""
    given, words = options(call, "uR", valued="dI", long="utc=u date=d iso-8601=I rfc-3339=I")
    now = call.clock.now()
    if given.get("d", "").startswith("@"):
        now = float(given["d"][1:])
    form = words[0][1:] if words and words[0].startswith("+") else "%a %b %e %H:%M:%S UTC %Y"
    if "I" in given:
        form = "%Y-%m-%dT%H:%M:%S+00:00" if given["I"].startswith("s") else "%Y-%m-%d"
    form = form.replace("%s", str(int(now))).replace("%N", f"{int(now % 1 * 1e9):09}")
    form = form.replace("%3N", f"{int(now % 1 * 1e3):03}").replace("%:z", "+00:00")
    call.out(datetime.fromtimestamp(now, UTC).strftime(form) + "\n")
    return 0


@program("uptime")
async def uptime(call: Call) -> int:
    """uptime [-s | -p]."""
    given, _ = options(call, "sp", long="since=s pretty=p")
    up = int(call.clock.now() - call.machine.booted_at)
    if "s" in given:
        call.out(time.strftime("%Y-%m-%d %H:%M:%S\n", time.gmtime(call.machine.booted_at)))
        return 0
    minutes, hours = up // 60 % 60, up // 3600
    if "p" in given:
        call.out(f"up {hours} hours, {minutes} minutes\n" if hours else f"up {minutes} minutes\n")
        return 0
    text = f"{hours:2}:{minutes:02}" if hours else f"{minutes} min"
    now = time.strftime("%H:%M:%S", time.gmtime(call.clock.now()))
    call.out(f" {now} up {text},  1 user,  load average: 0.04, 0.05, 0.01\n")
    return 0


@program("sleep")
async def sleep(call: Call) -> int:
    """sleep SECONDS ..., in the twin's time."""
    if len(call.argv) < 2:
        raise Usage("missing operand")
    total = 0.0
    for word in call.argv[1:]:
        unit = word[-1:] if word[-1:] in "smhd" else ""
        try:
            total += float(word.removesuffix(unit)) * _UNITS[unit]
        except ValueError:
            raise Usage(f"invalid time interval ‘{word}’") from None
    await call.clock.sleep(total)
    return 0


@program("sync")
async def sync(_call: Call) -> int:
    """Nothing is ever unwritten here."""
    return 0


@program("df")
async def df(call: Call) -> int:
    """df [-hkP] [PATH ...]: one disk, full or not."""
    given, _ = options(call, "hkPTi", long="output=o")
    total = 20_509_288
    used = total if call.machine.disk.full else 1_863_420 + len(call.machine.disk.files) * 4
    kilobytes = (total, used, total - used)
    size, taken, left = (f"{n / 1048576:.0f}G" if "h" in given else str(n) for n in kilobytes)
    title = "Size  Used Avail" if "h" in given else "1K-blocks    Used Available"
    call.out(f"Filesystem     {title} Use% Mounted on\n")
    call.out(f"/dev/vda9      {size:>9} {taken:>7} {left:>9} {used * 100 // total:3}% /\n")
    return 0


@program("ps")
async def ps(call: Call) -> int:
    """The processes of this session, and one line for each running software."""
    call.out("  PID TTY          TIME CMD\n    1 ?        00:00:01 systemd\n")
    for number, name in enumerate(sorted(call.machine.software), 700):
        call.out(f"{number:5} ?        00:00:01 {name}\n")
    call.out(" 4711 ?        00:00:00 bash\n 4712 ?        00:00:00 ps\n")
    return 0


@program("which")
async def which(call: Call) -> int:
    """which NAME ...: where programs are."""
    from runbook_twin.shell import Shell  # the shell knows; it imports us

    status = 0
    for name in call.argv[1:]:
        found, _ = Shell(call.machine, call.user).find(name)
        if found and "/" not in name:
            call.out(f"/usr/bin/{name}\n")
        elif found:
            call.out(f"{access.absolute(call.directory, name)}\n")
        else:
            status = 1
    return status


@program("true", "false", "pwd", "printenv")
async def simple(call: Call) -> int:
    """Those that are builtins of a shell too, for sudo and env."""
    if call.name == "pwd":
        call.out(f"{call.directory}\n")
    if call.name == "printenv":
        names = call.argv[1:] or list(call.environment)
        found = {name: call.environment[name] for name in names if name in call.environment}
        call.out("".join(f"{v}\n" if call.argv[1:] else f"{n}={v}\n" for n, v in found.items()))
        return int(len(found) < len(names))
    return int(call.name == "false")
