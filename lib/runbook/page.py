"""Pages that need nothing but themselves: one record to be read at 3 a.m., and the list of all."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import jinja2
import mistune
from markupsafe import Markup

from runbook import shown
from runbook.notebook import source
from runbook.page_style import INDEX, RECORD, STYLE
from runbook.view.shown import command

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
# Nothing is fetched and nothing runs, whatever stands in a cell's output.
_POLICY = Markup("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
_STYLE = Markup(STYLE)  # noqa: S704 - our own
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")


class _Prose(mistune.HTMLRenderer):
    """Markdown without raw HTML; a picture from elsewhere becomes a link to it."""

    def image(self, text: str, url: str, title: str | None = None) -> str:
        if url.startswith("data:image/"):
            return super().image(text, url, title)
        return self.link(text or url, url, title)


_markdown = mistune.create_markdown(renderer=_Prose(escape=True), plugins=["table"])
_environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)


def record_page(record: Mapping[str, Any], notebook: Mapping[str, Any]) -> str:
    """The page of one record: verdict, reason, checks and changes first, then the notebook."""
    states = {cell["id"]: cell for cell in record["cells"]}
    cells = [_shown(cell, states) for cell in notebook["cells"]]
    checks = sorted(record["checks"], key=lambda check: bool(check["passed"]))
    page = _environment.from_string(RECORD).render(
        record=record, cells=cells, checks=checks, style=_STYLE, policy=_POLICY
    )
    return page + "\n"


def index_page(records: list[dict[str, Any]]) -> str:
    """The page that lists all records, newest first."""
    verdicts = Counter(record["verdict"] for record in records).most_common()
    page = _environment.from_string(INDEX).render(
        records=records, verdicts=verdicts, style=_STYLE, policy=_POLICY
    )
    return page + "\n"


def duration(seconds: float | None) -> str:
    """Seconds as people say them: 3.2 s, 2 min 05 s, 1 h 04 min."""
    if seconds is None:
        return "-"
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60} min {int(seconds) % 60:02} s"
    return f"{int(seconds) // 3600} h {int(seconds) % 3600 // 60:02} min"


def moment(stamp: str | None) -> str:
    """2016-11-14T09:30:00.123Z as 2016-11-14 09:30:00 UTC."""
    return f"{stamp[:19].replace('T', ' ')} UTC" if stamp else "-"


def clock(stamp: str) -> Markup:
    """The time of day, the date with it on demand: a run's page begins with the date."""
    return Markup('<time title="{}">{}</time>').format(moment(stamp), stamp[11:19])


def _shown(cell: Mapping[str, Any], states: Mapping[str, Any]) -> dict[str, Any]:
    if cell["cell_type"] == "markdown":
        tags = cell.get("metadata", {}).get("tags", ())
        html = Markup(_markdown(source(cell)))  # noqa: S704 - escaped
        return {"kind": "prose", "html": html, "next": "next" in tags}
    if cell["cell_type"] != "code" or not source(cell).strip():
        return {"kind": "nothing"}
    state = states.get(cell.get("id", ""), {"state": "not run", "seconds": None})
    outputs = [_output(output) for output in cell.get("outputs", [])]
    return {"kind": "code", "source": source(cell), "outputs": outputs, "id": cell["id"], **state}


def _output(output: Mapping[str, Any]) -> Markup:
    kind = output["output_type"]
    if kind == "stream":
        return _text(output["text"], f"stream {output['name']}")
    if kind == "error":
        return _text("\n".join(output["traceback"]) or output["evalue"], "error")
    data = output.get("data", {})
    for name in _PICTURES:
        if name in data:
            content = "".join(data[name])
            if name == "image/svg+xml":
                content = base64.b64encode(content.encode()).decode()
            content = "".join(content.split())
            return Markup('<img alt="" src="data:{};base64,{}">').format(name, content)
    if "text/html" in data:
        return Markup('<div class="output">{}</div>').format(_inert("".join(data["text/html"])))
    if "text/markdown" in data:
        return Markup(_markdown("".join(data["text/markdown"])))  # noqa: S704 - escaped
    return _text("".join(data.get("text/plain", "")), "stream")


def _inert(html: str) -> Markup:
    """A library's table as it is, without what would run or fetch (the policy forbids both too)."""
    html = re.sub(r"(?is)<(script|iframe|object)\b.*?(</\1\s*>|\Z)", "", html)
    html = re.sub(r"(?is)<(embed|link|base|meta)\b[^>]*>", "", html)
    html = re.sub(r"(?i)\b(src|srcset)\s*=\s*([\"']?)(?!data:)[^\"'\s>]+\2", "", html)
    return Markup(html)  # noqa: S704 - made inert above, and by the page's policy


def _text(text: Any, kind: str) -> Markup:
    plain = _ANSI.sub("", text if isinstance(text, str) else "".join(text))
    return Markup('<pre class="{}">{}</pre>').format(kind, plain) if plain.strip() else Markup("")


_environment.filters.update(
    duration=duration,
    moment=moment,
    clock=clock,
    word=shown.cell,
    command=lambda line: Markup(command(line)),  # noqa: S704 - escaped
)
