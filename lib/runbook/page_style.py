"""The looks of the pages: one style sheet, two templates."""

STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: light-dark(#666, #999); --wash: #8881;
  --passed: #18803a; --failed: #c4281c; --refused: #b26a00; --aborted: #9b1fa1;
  --planned: #1a66c9; --running: #1a66c9; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 0 auto; padding: 1rem; }
body.index { max-width: 90rem; } h1 { margin: .2rem 0; font-size: 1.6rem; } h2 { margin-top: 2rem; }
hr ~ h1, section h1 { font-size: 1.3rem; } svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; margin: .5rem 0; font-size: .9rem; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left;
  vertical-align: top; }
thead:not(:has(th:not(:empty))) { display: none; }
td code { overflow-wrap: anywhere; } td:has(> code) { min-width: 18rem; }
time, .no-wrap { white-space: nowrap; }
pre { background: var(--wash); padding: .6rem; margin: .3rem 0; overflow-x: auto;
  font-size: .85rem; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.error, .bad { color: light-dark(var(--failed), #ff8a80); }
pre.stderr { border-left: 3px solid var(--refused); }
img { max-width: 100%; background: #fff; }
.output, .wide, section { overflow-x: auto; } .dim, .notrun { color: var(--dim); }
.verdict { color: #fff; border-radius: .3rem; padding: .1rem .6rem; font-weight: 700; }
header { border-left: .6rem solid; padding-left: 1rem; }
header .verdict { font-size: 1.4rem; text-transform: uppercase; }
.reason { font-size: 1.1rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.why { color: var(--dim); font-size: .8rem; }
summary { cursor: pointer; color: var(--dim); font-size: .85rem; }
.cell { margin: .6rem 0; } .cell.failed { border-left: 4px solid var(--failed);
  padding-left: .6rem; }
header.passed, header.planned { border-color: var(--passed); }
header.failed, header.refused, header.aborted { border-color: var(--failed); }
.verdict.passed { background: var(--passed); } .verdict.failed { background: var(--failed); }
.verdict.refused { background: var(--refused); } .verdict.aborted { background: var(--aborted); }
.verdict.planned, .verdict.running { background: var(--planned); }
@media print { html { font-size: 11px; } body { font-size: 1rem; max-width: none; }
  tr, pre, svg { break-inside: avoid; }
  h1, h2, summary { break-after: avoid; } .verdict { print-color-adjust: exact; }
  details::details-content { content-visibility: visible; block-size: auto; } }
"""

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
"""

RECORD = (
    _HEAD
    + """<title>{{ record.verdict }}: {{ record.runbook }} {{ record.started | moment }}</title>
<style>{{ style }}</style>
</head>
<body>
<header class="{{ record.verdict }}">
<span class="verdict {{ record.verdict }}">{{ record.verdict }}</span>
<h1>{{ record.title }}</h1>
<p class="reason">{{ record.reason }}</p>
{% if record.verdict == "aborted" and record.counts.acts %}
<p class="bad">It was ended in the middle of a drill. See whether all of this is taken back:
{{ record.changes | rejectattr("lasting") | map(attribute="what") | join(", ") }}</p>
{% endif %}
<p>{% for cell in record.cells if cell.state == "failed" %}
<a href="#cell-{{ cell.id }}">to the cell that ended the run</a> ·
{% endfor %}
{% if record.verdict != "passed" %}<a href="#next">what to do next</a>{% endif %}</p>
</header>
{% set counts = record.counts %}
<div class="wide"><table>
<tr><th>runbook</th><td>{{ record.runbook }} <span class="dim">sha256
 {{ record.runbook_sha256[:12] }}</span></td></tr>
<tr><th>target</th><td>{{ record.target.name or "-" }}{% if record.target.sha256 %}
 <span class="dim">sha256 {{ record.target.sha256[:12] }}</span>{% endif %}</td></tr>
<tr><th>started</th><td>{{ record.started | moment }},
 took {{ record.seconds | duration }}</td></tr>
<tr><th>operator</th><td>{{ record.operator.who }}{% if record.operator.note %}:
 {{ record.operator.note }}{% endif %}</td></tr>
<tr><th>outcome</th><td>exit code {{ record.exit_code }};
 {{ counts.checks - counts.checks_failed }} of {{ counts.checks }} checks held;
 {{ counts.changes }} lasting changes, {{ counts.acts }} drill acts, {{ counts.commands }} commands;
 {{ counts.cells_run }} of {{ counts.cells }} cells ran</td></tr>
<tr><th>run</th><td>{{ record.run_id }}</td></tr>
</table></div>
{% if checks %}
<h2>Checks</h2>
<div class="wide"><table>
<tr><th></th><th>check</th><th>expected</th><th>observed</th></tr>
{% for check in checks %}
<tr><td class="{{ '' if check.passed else 'bad' }}">{{ "held" if check.passed else "FAILED" }}</td>
<td>{{ check.name }}</td><td>{{ check.expected | word }}</td>
<td>{{ check.observed | word }}</td></tr>
{% endfor %}
</table></div>
{% endif %}
{% if record.changes %}
<h2>Changes</h2>
<div class="wide"><table>
<tr><th>at, UTC</th><th>server</th><th>what</th><th>command</th><th></th></tr>
{% for change in record.changes %}
<tr><td>{{ change.at | clock }}</td><td>{{ change.server }}</td><td>{{ change.what }}</td>
<td><code>{{ change.text | command }}</code></td>
<td>{{ "lasting" if change.lasting else "drill" }}</td></tr>
{% endfor %}
</table></div>
{% endif %}
{% if record.parameters %}
<details><summary>{{ record.parameters | length }} parameters</summary>
<table>
{% for name, value in record.parameters.items() %}
<tr><td>{{ name }}</td><td><code>{{ value }}</code></td></tr>
{% endfor %}
</table></details>
{% endif %}
{% if record.commands %}
<details><summary>{{ record.commands | length }} commands</summary>
<div class="wide"><table>
<tr><th>at, UTC</th><th>server</th><th>command</th><th>exit</th><th>took</th></tr>
{% for command in record.commands %}
<tr><td>{{ command.at | clock }}</td><td>{{ command.server }}</td>
<td><code>{{ command.text | command }}</code></td>
<td>{{ "did not finish" if command.exit_code is none else command.exit_code }}</td>
<td class="no-wrap">{{ command.seconds | duration }}</td></tr>
{% endfor %}
</table></div></details>
{% endif %}
<details><summary>versions</summary>
<table>
{% for name, version in record.versions.items() if name != "tools" %}
<tr><td>here</td><td>{{ name }}</td><td>{{ version }}</td></tr>
{% endfor %}
{% for tool in record.versions.tools %}
<tr><td>{{ tool.server }}</td><td>{{ tool.tool }}</td><td>{{ tool.version }}</td></tr>
{% endfor %}
</table></details>
<hr>
{% for cell in cells if cell.kind != "nothing" %}
{% if cell.kind == "prose" %}
<section{% if cell.next %} id="next"{% endif %}>{{ cell.html }}</section>
{% else %}
<div class="cell {{ cell.state | replace(' ', '') }}" id="cell-{{ cell.id }}">
<details{% if cell.state == "failed" %} open{% endif %}><summary>code, {{ cell.state }}
{%- if cell.seconds is not none %}, {{ cell.seconds | duration }}{% endif %}</summary>
<pre>{{ cell.source }}</pre></details>
{% for output in cell.outputs %}
{{ output }}
{% endfor %}
</div>
{% endif %}
{% endfor %}
</body>
</html>"""
)

INDEX = (
    _HEAD
    + """<title>Records</title>
<style>{{ style }}</style>
</head>
<body class="index">
<h1>Records</h1>
<p class="dim">{{ records | length }} runs, newest first
{%- for verdict, count in verdicts %}{{ ": " if loop.first else ", " }}{{ count }} {{ verdict }}
{%- endfor %}</p>
<div class="wide"><table>
<tr><th>verdict</th><th>runbook</th><th>target</th><th>started</th><th>took</th>
<th>checks</th><th>changes</th><th>operator</th><th>record</th></tr>
{% for record in records %}
{% set counts = record.counts %}
<tr title="{{ record.reason }}">
<td><span class="verdict {{ record.verdict }}">{{ record.verdict }}</span></td>
<td><a href="{{ record.files.html or record.files.journal }}">{{ record.runbook }}</a>
{% if record.verdict != "passed" %}<br>
<span class="why">{{ record.reason | truncate(160) }}</span>{% endif %}</td>
<td>{{ record.target.name or "-" }}</td>
<td class="no-wrap">{{ record.started | moment }}</td>
<td class="no-wrap">{{ record.seconds | duration }}</td>
<td class="{{ 'bad' if counts.checks_failed }}">
{{- counts.checks - counts.checks_failed }}/{{ counts.checks }}</td>
<td class="no-wrap">
{{- counts.changes }}{% if counts.acts %} + {{ counts.acts }} acts{% endif %}</td>
<td>{{ record.operator.who }}
{% if record.operator.note %}<br>{{ record.operator.note | truncate(100) }}{% endif %}</td>
<td class="no-wrap">{% for kind, file in record.files.items() %}
<a href="{{ file }}">{{ kind }}</a> {% endfor %}</td></tr>
{% endfor %}
</table></div>
</body>
</html>"""
)
