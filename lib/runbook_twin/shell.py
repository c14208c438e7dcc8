"""Runs a command line on a machine: pipelines, redirects, loops, and the programs in them."""

from __future__ import annotations

import asyncio
import fnmatch
from dataclasses import dataclass, replace

from runbook_twin import access, shell_builtins, shell_programs, shell_words
from runbook_twin.machine import Machine
from runbook_twin.shell_redirect import redirected
from runbook_twin.shell_state import Break, Continue, Exit, Return, Streams
from runbook_twin.shell_syntax import parse
from runbook_twin.shell_tree import (
    Command,
    Compound,
    Pipeline,
    Script,
    ShellSyntaxError,
    Simple,
)
from runbook_twin.streams import Input, Write


@dataclass
class Result:
    """How a command line ended and what it printed."""

    exit_code: int
    stdout: bytes
    stderr: bytes


async def run(
    machine: Machine,
    line: str,
    *,
    user: str = "root",
    stdin: bytes | Input = b"",
    tty: bool = False,
    write_out: Write | None = None,
    write_err: Write | None = None,
) -> Result:
    """Run a line as `bash -c` of a login of `user`.

    write_out, write_err: told of all output at once as it comes; without them it is collected
    in the result.
    """
    out, err = bytearray(), bytearray()
    streams = Streams(
        stdin if isinstance(stdin, Input) else Input(stdin),
        write_out or out.extend,
        write_err or err.extend,
        tty,
    )
    exit_code = await Shell(machine, user).main(line, streams)
    return Result(exit_code, bytes(out), bytes(err))


class Shell:
    """One shell process: its variables, its directory, its options."""

    def __init__(self, machine: Machine, user: str, name: str = "bash") -> None:
        home = access.home(user)
        self.machine = machine
        self.user = user
        self.name = name
        self.directory = home if machine.disk.is_directory(home) else "/"
        self.variables = {
            "HOME": home, "USER": user, "LOGNAME": user, "SHELL": "/bin/bash",
            "PATH": ":".join(reversed(shell_programs.FOLDERS)), "PWD": self.directory,
        }  # fmt: skip
        self.exported = set(self.variables)
        self.arguments: list[str] = []
        self.functions: dict[str, Command] = {}
        self.traps: dict[str, str] = {}
        self.options = dict.fromkeys(("errexit", "nounset", "pipefail", "noglob", "xtrace"), False)
        self.status = 0
        self.guarded = 0  # inside a condition, where errexit does not count
        self.mask = 0o022

    # --- what the words ask for

    def value(self, name: str) -> str | None:
        """A variable or a special parameter; None when unset."""
        if name.isdigit():
            place = int(name)
            if place == 0:
                return self.name
            return self.arguments[place - 1] if place <= len(self.arguments) else None
        special = {
            "?": str(self.status), "#": str(len(self.arguments)), "@": " ".join(self.arguments),
            "*": " ".join(self.arguments), "$": "4711", "-": "hB", "!": "",
        }  # fmt: skip
        return special[name] if name in special else self.variables.get(name)

    def path(self, name: str) -> str:
        """An absolute path for a name in the shell's directory."""
        return access.absolute(self.directory, name)

    def copy(self) -> Shell:
        """A subshell."""
        twin = Shell(self.machine, self.user, self.name)
        twin.__dict__.update(self.__dict__)
        for name in ("variables", "exported", "arguments", "functions", "options"):
            setattr(twin, name, getattr(self, name).copy())
        twin.traps = {}
        return twin

    async def substitute(self, script: Script, input: Input, err: Write) -> str:
        """$(...): what a subshell prints, without the line ends at its end."""
        out = bytearray()
        self.status = await self.copy().finish(script, Streams(input, out.extend, err))
        return out.decode("utf-8", "replace").rstrip("\n")

    # --- scripts

    async def main(self, text: str, streams: Streams) -> int:
        """Parse and run a whole script; its exit code."""
        try:
            script = parse(text)
        except ShellSyntaxError as error:
            streams.err(f"{self.name}: -c: line 0: {error}\n".encode())
            return 2
        return await self.finish(script, streams)

    async def finish(self, script: Script, streams: Streams) -> int:
        """Run to the end or to `exit`, then what `trap` has put there."""
        try:
            status = await self.run(script, streams)
        except (Exit, Return) as end:
            status = end.status
        except (Break, Continue):
            status = self.status
        if last := self.traps.pop("EXIT", ""):
            self.status = status
            await self.copy().main(last, streams)
        return status

    async def run(self, script: Script, streams: Streams) -> int:
        """Run lists of pipelines one after another."""
        for and_or in script:
            for number, (operator, pipeline) in enumerate(and_or):
                if operator and (self.status == 0) != (operator == "&&"):
                    continue
                guarded = number < len(and_or) - 1 or pipeline.negated
                self.guarded += guarded
                try:
                    self.status = await self.pipeline(pipeline, streams)
                finally:
                    self.guarded -= guarded
                if self.status and self.options["errexit"] and not (guarded or self.guarded):
                    raise Exit(self.status)
        return self.status

    async def pipeline(self, pipeline: Pipeline, streams: Streams) -> int:
        """Run a pipeline stage by stage: each gets the whole output of the one before it."""
        first, *others = pipeline.commands
        if not others:
            status = await self.command(first, streams)
        else:
            statuses = []
            input = streams.input
            for command in pipeline.commands[:-1]:
                out = bytearray()
                stage = replace(streams, input=input, out=out.extend)
                statuses.append(
                    await self.copy().finish([[("", Pipeline([command], False))]], stage)
                )
                input = Input(bytes(out))
            last: Script = [[("", Pipeline([others[-1]], False))]]
            status = await self.copy().finish(last, replace(streams, input=input))
            failed = [code for code in (*statuses, status) if code]
            status = failed[-1] if failed and self.options["pipefail"] else status
        return int(not status) if pipeline.negated else status

    async def command(self, command: Command, streams: Streams) -> int:
        """Run one simple or compound command."""
        try:
            if isinstance(command, Simple):
                return await self.simple(command, streams)
            streams = await redirected(self, command.redirects, streams)
            return await self.compound(command, streams)
        except shell_words.ExpansionError as error:
            streams.err(f"{self.name}: {error}\n".encode())
            raise Exit(error.status) from None
        except OSError as error:
            streams.err(f"{self.name}: {access.explain(error)}\n".encode())
            return 1

    async def compound(self, command: Compound, streams: Streams) -> int:
        """Groups, conditions and loops."""
        if command.kind == "subshell":
            return await self.copy().finish(command.branches[0][1], streams)
        if command.kind == "background":
            aside = self.copy().finish(command.branches[0][1], replace(streams, input=Input(b"")))
            self.machine.spawn(aside)
            return 0
        if command.kind == "group":
            return await self.run(command.branches[0][1], streams)
        if command.kind == "function":
            self.functions[command.name] = command.branches[0][1][0][0][1].commands[0]
            return 0
        if command.kind == "if":
            for condition, body in command.branches:
                if await self.holds(condition, streams):
                    return await self.run(body, streams)
            return await self.run(command.otherwise, streams) if command.otherwise else 0
        if command.kind == "case":
            return await self.case(command, streams)
        return await self.loop(command, streams)

    async def holds(self, condition: Script, streams: Streams) -> bool:
        """Run a condition, where errexit does not count."""
        self.guarded += 1
        try:
            return await self.run(condition, streams) == 0
        finally:
            self.guarded -= 1

    async def case(self, command: Compound, streams: Streams) -> int:
        """The first pattern that matches."""
        err = streams.err
        subject = await shell_words.text(self, (command.words or [()])[0], streams.input, err)
        for patterns, body in command.cases:
            for word in patterns:
                mask = await shell_words.pattern(self, word, streams.input, err)
                if fnmatch.fnmatchcase(subject, mask):
                    return await self.run(body, streams)
        return 0

    async def loop(self, command: Compound, streams: Streams) -> int:
        """for, while and until."""
        status = 0
        condition, body = command.branches[0]
        items = iter(self.arguments)
        if command.words is not None:
            items = iter(await shell_words.fields(self, command.words, streams.input, streams.err))
        while True:
            await asyncio.sleep(0)  # others have their turn, and the loop can be cancelled
            if command.kind == "for":
                item = next(items, None)
                if item is None:
                    return status
                self.variables[command.name] = item
            elif await self.holds(condition, streams) == (command.kind == "until"):
                return status
            try:
                status = await self.run(body, streams)
            except (Break, Continue) as jump:
                if jump.levels > 1:
                    raise type(jump)(jump.levels - 1) from None
                if isinstance(jump, Break):
                    return 0

    # --- one program

    async def simple(self, command: Simple, streams: Streams) -> int:
        """Expand, redirect, assign, run."""
        argv = await shell_words.fields(self, command.words, streams.input, streams.err)
        streams = await redirected(self, command.redirects, streams)
        values: dict[str, str] = {}
        for name, word in command.assignments:
            values[name] = await shell_words.text(self, word, streams.input, streams.err)
        if self.options["xtrace"] and argv:
            streams.err(f"+ {' '.join(argv)}\n".encode())
        if not argv:
            self.variables.update(values)
            return self.status if command.assignments else 0
        return await self.execute_with(values, argv, streams)

    async def execute_with(self, values: dict[str, str], argv: list[str], streams: Streams) -> int:
        """NAME=value PROGRAM ...: the variables are there for this one program."""
        kept = {name: self.variables.get(name) for name in values}
        exported = set(values) - self.exported
        self.variables.update(values)
        self.exported |= exported
        try:
            return await self.execute(argv, streams)
        finally:
            self.exported -= exported
            for name, value in kept.items():
                if value is None:
                    self.variables.pop(name, None)
                else:
                    self.variables[name] = value

    def environment(self) -> dict[str, str]:
        """The exported variables."""
        return {name: self.variables[name] for name in self.exported if name in self.variables}

    async def execute(self, argv: list[str], streams: Streams) -> int:
        """Run one program by its words: function, builtin, wrapper, then what is installed."""
        name = argv[0]
        if name in self.functions:
            return await self.call_function(self.functions[name], argv[1:], streams)
        if name in shell_builtins.BUILTINS:
            return await shell_builtins.BUILTINS[name](self, argv, streams)
        return await self.spawn(argv, streams)

    async def call_function(self, body: Command, arguments: list[str], streams: Streams) -> int:
        """Run a function with its own arguments."""
        kept, self.arguments = self.arguments, arguments
        try:
            return await self.command(body, streams)
        except Return as end:
            return end.status
        finally:
            self.arguments = kept

    def find(self, name: str) -> tuple[shell_programs.Runner | None, str]:
        """What a program's name stands for: something to run, or why there is nothing."""
        return shell_programs.find(self, name)

    async def spawn(self, argv: list[str], streams: Streams) -> int:
        """Run one installed program (not a builtin); 127 and 126 as bash says them."""
        found, problem = self.find(argv[0])
        if found is None:
            streams.err(f"{self.name}: {argv[0]}: {problem}\n".encode())
            return 126 if problem in ("Permission denied", "Is a directory") else 127
        return await found(argv, streams)
