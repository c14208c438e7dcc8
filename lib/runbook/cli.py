"""The command `runbook`: list, show, run, rehearse, parse, records, target, twin, lab, open."""

from __future__ import annotations

import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from runbook import project, shown
from runbook.errors import ParseError, RunbookError, UsageError

# Imports of Jupyter's libraries stand inside the commands that need them: `runbook list` starts at
# once. This one would be taken by jsonschema, when nbformat is imported, to check a string format
# that no notebook has, and compiles 35 grammars for more than a second; None means: not installed.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

_PASS_THROUGH = {
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
    "help_option_names": [],
}
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


class _Commands(click.Group):
    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except RunbookError as error:
            click.echo(f"Error: {error}", err=True)
            context.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            context.exit(130)


def main() -> None:
    """The entry point. What nobody foresaw is shown in full and is exit code 5, never 1."""
    # A scheduler's SIGTERM ends it like Ctrl-C: what was begun is put away (exit 130).
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        cli(prog_name="runbook")
    except Exception:  # noqa: BLE001 - shown in full just below
        traceback.print_exc()
        sys.exit(5)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="runbook")
def cli() -> None:
    """Runbooks that can be rehearsed, run and proven.

    Exit codes: 0 passed, 1 a check failed, 2 bad usage, 3 refused, 4 unreachable, 5 else,
    130 interrupted.
    """


@cli.command("list")
@_as_json
def list_(as_json: bool) -> None:
    """List the runbooks."""
    from runbook.notebook import Runbook

    found = []
    for file in sorted((project.root() / "runbooks").glob("*.ipynb")):
        try:
            found.append(Runbook.read(file))
        except UsageError as error:
            click.echo(f"left out: {error.what}", err=True)
    rows = [
        {
            "name": runbook.name,
            "title": runbook.title,
            "changes": bool(runbook.about.get("changes", False)),
            "rows": runbook.about.get("rows", []),
            "time": runbook.about.get("time"),
        }
        for runbook in found
    ]
    _print(rows, as_json)


@cli.command()
@click.argument("name")
@_as_json
def show(name: str, as_json: bool) -> None:
    """Show one runbook: what it is about, its parameters, its steps."""
    from runbook.notebook import Runbook

    runbook = Runbook.read(project.runbook_file(name))
    parameters = [vars(parameter) for parameter in runbook.parameters]
    if as_json:
        about = {"name": runbook.name, "title": runbook.title, "sha256": runbook.sha256}
        _echo_json({**about, **runbook.about, "parameters": parameters, "steps": runbook.steps})
        return
    click.echo(f"{runbook.name}: {runbook.title}")
    for key, value in runbook.about.items():
        click.echo(f"{key}: {shown.cell(value)}")
    click.echo("\nParameters")
    _print([{**p, "default": repr(p["default"])} for p in parameters], False)
    click.echo("\nSteps")
    for step in runbook.steps:
        click.echo(f"  {step}")


@cli.command()
@click.argument("name")
@click.option("--target", help="Name of a file in params/targets, or a path.")
@click.option("-f", "job", type=click.Path(path_type=Path), help="A job file of parameters.")
@click.option("-p", "given", multiple=True, metavar="KEY=VALUE", help="A parameter.")
@click.option("--plan", is_flag=True, help="Show the plan, then end.")
@click.option("--approve", is_flag=True, help="The same as -p approved=true.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds for all.")
@click.option("--quiet", is_flag=True, help="No progress on stderr.")
@_as_json
def run(
    name: str,
    target: str | None,
    job: Path | None,
    given: tuple[str, ...],
    plan: bool,
    approve: bool,
    timeout: float | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Run one runbook and keep its record. What is typed here overrides the job file."""
    from runbook.notebook import Runbook, bind, bind_text

    file = project.runbook_file(name)
    texts = dict(_pair(item) for item in given)
    texts |= {"target": target} if target is not None else {}
    texts |= {"approved": "true"} if approve else {}
    # Refused before anything heavy is imported.
    runbook = Runbook.read(file)
    parameters = bind_text(runbook.parameters, texts)
    _refuse_unknown_target(runbook.parameters, parameters)
    from runbook import runner

    if job is not None:
        parameters = {**bind(runbook.parameters, runner.job_parameters(job)), **parameters}
    step = None if quiet else _step
    record = runner.run(file, parameters, plan=plan, timeout=timeout, on_step=step)
    if as_json:
        _echo_json(record)
    else:
        _echo_verdict(record)
    sys.exit(record["exit_code"])


@cli.command()
@click.option("--only", multiple=True, metavar="NAME", help="Only this runbook; repeat for more.")
@click.option("--quiet", is_flag=True, help="No progress on stderr.")
@_as_json
def rehearse(only: tuple[str, ...], quiet: bool, as_json: bool) -> None:
    """Run the whole book on a fresh rehearsal cluster."""
    from runbook.rehearse import rehearse

    step = None if quiet else lambda name, heading: _step(f"{name}: {heading}")
    done = []
    for outcome in rehearse(only, step):
        done.append(outcome)
        if not as_json:
            click.echo(f"{_word(outcome.verdict)}  {outcome.seconds:6.1f} s  {outcome.runbook}")
            if outcome.verdict != "passed":
                click.echo(f"          {outcome.reason}")
    passed = sum(outcome.verdict == "passed" for outcome in done)
    seconds = sum(outcome.seconds for outcome in done)
    index = project.outputs() / "index.html"
    if as_json:
        _echo_json([vars(outcome) for outcome in done])
    else:
        click.echo(f"{passed} of {len(done)} passed in {seconds:.1f} s; records: {index}")
    worst = max((outcome.exit_code for outcome in done if outcome.exit_code), default=0)
    sys.exit(0 if passed == len(done) else worst or 5)


@cli.command(context_settings={**_PASS_THROUGH, "help_option_names": ["--help"]})
@click.option("--exit-code", type=int, default=0, show_default=True, help="What TOOL ended with.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="TOOL ARGS...")
def parse(exit_code: int, command: tuple[str, ...]) -> None:
    """Read what TOOL ARGS... printed from stdin, print its rows as JSON."""
    from runbook.parse import parse

    try:
        parsed = parse(command, sys.stdin.buffer.read(), exit_code=exit_code)
    except ParseError as error:
        click.echo(" ".join(str(error).split()), err=True)
        sys.exit(65)
    names = [column.name for column in parsed.columns]
    rows = [{name: row.get(name) for name in names} for row in parsed.rows]
    _echo_json({"rows": rows, "summary": parsed.summary})


@cli.command()
@click.argument("name", required=False)
@click.option("--index", is_flag=True, help="Write outputs/index.html anew.")
@_as_json
def records(name: str | None, index: bool, as_json: bool) -> None:
    """List the records, newest first."""
    from runbook import archive

    outputs = project.outputs().resolve()
    if index:
        click.echo(archive.write_index(outputs), err=as_json)
    found = archive.records(outputs, name)
    if as_json:
        _echo_json(found)
        return
    _print([shown.record_row(record) for record in found], False)


@cli.group()
def target() -> None:
    """Target files: check one, print their schema."""


@target.command()
@click.argument("name")
def check(name: str) -> None:
    """Read a target file as a run would; nothing is connected."""
    from runbook import params

    file = project.target_file(name)
    params.load_target(file)
    click.echo(f"{file}: ok")


@target.command()
def schema() -> None:
    """Print the JSON Schema of target files."""
    from runbook import params

    _echo_json(params.target_schema())


@cli.command(context_settings=_PASS_THROUGH, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def twin(arguments: tuple[str, ...]) -> None:
    """The rehearsal cluster: up, down ... (the twin's own arguments)."""
    _pass_to("runbook_twin", arguments)


@cli.command(context_settings=_PASS_THROUGH, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lab(arguments: tuple[str, ...]) -> None:
    """The real engines on this machine (the lab's own arguments)."""
    _pass_to("runbook_lab", arguments)


@cli.command("open", context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[JUPYTERLAB ARGS]...")
def open_(name: str, arguments: tuple[str, ...]) -> None:
    """Open one runbook in JupyterLab, on loopback with a token.

    It is a copy: JupyterLab saves what is run and edited, and must not save it into the runbook.
    """
    from runbook import jupyterlab

    copy = jupyterlab.copy_of(project.runbook_file(name))
    click.echo(f"a copy to work in: {copy}")
    jupyterlab.become(copy, arguments)


def _pass_to(module: str, arguments: Sequence[str]) -> None:
    if find_spec(module) is None:
        raise UsageError(f"{module} is not installed", remedy="install the whole project")
    sys.exit(subprocess.call([sys.executable, "-m", module, *arguments]))  # noqa: S603


def _pair(item: str) -> tuple[str, str]:
    key, equals, value = item.partition("=")
    if not equals or not key:
        raise UsageError(f"-p {item}: not KEY=VALUE", remedy="write -p name=value")
    return key, value


def _refuse_unknown_target(declared: Sequence[Any], given: dict[str, Any]) -> None:
    values = {**{parameter.name: parameter.default for parameter in declared}, **given}
    if isinstance(values.get("target"), str):
        project.target_file(values["target"])


def _step(heading: str) -> None:
    click.echo(click.style(f"· {heading}", dim=True), err=True)


def _echo_verdict(record: dict[str, Any]) -> None:
    click.echo(f"{_word(record['verdict'])}  {shown.verdict(record)}")
    if record["verdict"] != "passed":
        click.echo(record["reason"], err=True)
    click.echo(f"record: {project.outputs() / record['files']['html']}")


def _word(verdict: str) -> str:
    colour = {"passed": "green", "planned": "blue", "running": "blue", "refused": "yellow"}
    return click.style(f"{verdict:<8}", fg=colour.get(verdict, "red"), bold=True)


def _print(rows: Sequence[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        _echo_json(list(rows))
    else:
        click.echo(shown.table(rows), nl=bool(rows))


def _echo_json(value: Any) -> None:
    # Bytes, for whatever the locale says: JSON is UTF-8.
    sys.stdout.buffer.write(shown.json_text(value).encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()
