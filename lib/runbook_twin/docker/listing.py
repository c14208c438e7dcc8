"""Lists as the client prints them: a table, `--quiet`, or a --format template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from runbook_twin.docker.dialect import Dialect
from runbook_twin.docker.failures import ClientError
from runbook_twin.docker.text import ACTION, TemplateError, go_json, render, table

Row = dict[str, Any]


def in_columns(rows: Sequence[Row], columns: dict[str, str], sizes: tuple[int, int]) -> str:
    """A table. columns: heading -> field; sizes: least width and padding."""
    lines = [list(columns), *([str(row[name]) for name in columns.values()] for row in rows)]
    return table(lines, *sizes)


def formatted(
    rows: Sequence[Row], template: str, headings: dict[str, str], dialect: Dialect
) -> str:
    """Rows through a template. headings: field -> heading for `table ...` templates.

    `json` alone means JSON to newer clients only; the clients of 1.x know no fields for `json .`.
    """
    template = template.replace("\\t", "\t").replace("\\n", "\n")
    if template == "json" and dialect.new:
        template = "{{json .}}"
    if template == "{{json .}}":
        return "".join(f"{'{}' if dialect.old else go_json(row)}\n" for row in rows)
    is_table = template.startswith("table")
    body = template.removeprefix("table").strip() if is_table else template
    try:
        texts = [render(body, row) for row in rows]
    except TemplateError as error:
        raise ClientError(f"Template parsing error: template: :1: {error}\n", 64) from None
    if not is_table:
        return "".join(f"{text}\n" for text in texts)
    head = ACTION.sub(lambda match: headings.get(match[1].lstrip("."), match[1]), body)
    return table([text.split("\t") for text in (head, *texts)], *dialect.columns)
