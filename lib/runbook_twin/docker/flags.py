"""The command line as Docker's client reads it: flags, counts of arguments, and its complaints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from runbook_twin.docker.dialect import Dialect
from runbook_twin.docker.failures import ClientError


@dataclass(frozen=True)
class Usage:
    """How a command is called. flags: `name`, `short name`; value flags end in `=`.

    arguments: as in the usage line; least and most of them (most None = any number).
    greedy: flags end at the first argument (`docker run IMAGE COMMAND`).
    """

    path: str
    arguments: str
    about: str
    flags: str = ""
    least: int = 0
    most: int | None = 0
    greedy: bool = False

    def known(self) -> dict[str, tuple[str, bool]]:
        """Spelling -> (long name, takes a value); built from `flags`: "a,all f,filter= quiet"."""
        table: dict[str, tuple[str, bool]] = {}
        for word in self.flags.split():
            names = word.rstrip("=").split(",")
            for name in names:
                dashes = "-" if len(name) == 1 else "--"
                table[dashes + name] = (names[-1], word.endswith("="))
        return table


@dataclass
class Given:
    """A command line that was read: flags by long name in the order given, and arguments."""

    usage: Usage
    flags: list[tuple[str, str]] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)

    def __contains__(self, name: str) -> bool:
        return any(key == name and value != "false" for key, value in self.flags)

    def get(self, name: str, default: str = "") -> str:
        """The last value of a flag."""
        return next((value for key, value in reversed(self.flags) if key == name), default)

    def all(self, name: str) -> list[str]:
        """Every value of a flag that may be repeated."""
        return [value for key, value in self.flags if key == name]


def read(usage: Usage, words: Sequence[str], dialect: Dialect) -> Given:
    """Read a command's words. Raises ClientError in the client's words."""
    given, known, rest = Given(usage), usage.known(), list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            given.arguments += rest
            break
        if not word.startswith("-") or word == "-":
            given.arguments.append(word)
            if usage.greedy:
                given.arguments += rest
                break
        elif word.startswith("--"):
            _long(given, word, rest, known, dialect)
        else:
            _short(given, word, rest, known, dialect)
    if "help" not in given:
        _count(given, dialect)
    return given


def _long(
    given: Given, word: str, rest: list[str], known: dict[str, tuple[str, bool]], dialect: Dialect
) -> None:
    name, equals, value = word.partition("=")
    if name == "--help":
        given.flags.append(("help", "true"))
        return
    if name not in known:
        raise bad_flag(given.usage, f"unknown flag: {name}", dialect)
    long, takes_value = known[name]
    if takes_value and not equals:
        if not rest:
            raise bad_flag(given.usage, f"flag needs an argument: {name}", dialect)
        value = rest.pop(0)
    given.flags.append((long, value if takes_value or equals else "true"))


def _short(
    given: Given, word: str, rest: list[str], known: dict[str, tuple[str, bool]], dialect: Dialect
) -> None:
    letters = word[1:]
    while letters:
        letter, letters = letters[0], letters[1:]
        if f"-{letter}" not in known:
            text = f"unknown shorthand flag: '{letter}' in {word}"
            raise bad_flag(given.usage, text, dialect)
        long, takes_value = known[f"-{letter}"]
        if not takes_value:
            given.flags.append((long, "true"))
            continue
        if not letters and not rest:
            text = f"flag needs an argument: '{letter}' in {word}"
            raise bad_flag(given.usage, text, dialect)
        given.flags.append((long, letters.removeprefix("=") or rest.pop(0)))
        return


def bad_flag(usage: Usage, text: str, dialect: Dialect) -> ClientError:
    """The complaint about a flag: what is wrong, and where help is."""
    if dialect.new:
        more = f"Run '{usage.path} --help' for more information"
        return ClientError(f"{text}\n\nUsage:  {usage_line(usage, dialect)}\n\n{more}\n", 125)
    runs = usage.path in ("docker run", "docker create", "docker exec")
    return ClientError(
        f"{text}\nSee '{usage.path} --help'.\n", 1 if dialect.old and not runs else 125
    )


def bad_value(usage: Usage, value: str, spelling: str, why: str, dialect: Dialect) -> ClientError:
    """The complaint about a flag's value. spelling: `-p, --publish`."""
    long = spelling.rpartition(" ")[2]
    shown = f"for {long}" if dialect.old else f'for "{spelling}" flag'
    reason = why[:1].lower() + why[1:] if dialect.new else why
    return bad_flag(usage, f'invalid argument "{value}" {shown}: {reason}', dialect)


def usage_line(usage: Usage, dialect: Dialect) -> str:
    """`docker ps [OPTIONS]`; two commands of 1.12 name their flags instead."""
    options = "[OPTIONS]"
    if dialect.old and usage.path == "docker swarm join-token":
        options = "[-q] [--rotate]"
    parts = [
        usage.path,
        options if usage.flags or usage.path == "docker ps" else "",
        usage.arguments,
    ]
    return " ".join(part for part in parts if part)


def _count(given: Given, dialect: Dialect) -> None:
    usage, count = given.usage, len(given.arguments)
    if count >= usage.least and (usage.most is None or count <= usage.most):
        return
    raise ClientError(wrong_count(usage, dialect), 1)


def wrong_count(usage: Usage, dialect: Dialect) -> str:
    """The complaint about too few or too many arguments."""
    if usage.most == 0:
        wants, number = "accepts no", 2
    elif usage.least == usage.most:
        wants, number = f"requires exactly {usage.least}", usage.least
    elif usage.most is None or usage.least:
        wants, number = f"requires at least {usage.least}", usage.least
    else:
        wants, number = f"requires at most {usage.most}", usage.most
    if dialect.new:
        noun = "argument" if number == 1 else "arguments"
        head = f"docker: '{usage.path}' {wants.replace(' exactly', '')} {noun}\n"
        line = usage_line(usage, dialect)
        return f"{head}\nUsage:  {line}\n\nRun '{usage.path} --help' for more information\n"
    noun = "argument(s)" if dialect.old else "argument" if number == 1 else "arguments"
    return (
        f"\"{usage.path}\" {wants} {noun}.\nSee '{usage.path} --help'.\n\n"
        f"Usage:  {usage_line(usage, dialect)}\n\n{usage.about}\n"
    )
