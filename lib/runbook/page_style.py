"""The looks of the pages: one style sheet, two templates."""

STYLE = """
:root { color-scheme: light dark; --line: #8884; --dim: #777; --wash: #8881;
  --passed: #18803a; --failed: #c4281c; --refused: #b26a00; --aborted: #9b1fa1;
  --planned: #1a66c9; --running: #1a66c9; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 0 auto; padding: 1rem; }
h1 { margin: .2rem 0; font-size: 1.6rem; } h2 { margin-top: 2rem; }
table { border-collapse: collapse; margin: .5rem 0; font-size: .9rem; }
th, td { border: 1px solid var(--line); padding: .25rem .6rem; text-align: left;
  vertical-align: top; }
pre { background: var(--wash); padding: .6rem; margin: .3rem 0; overflow-x: auto;
  font-size: .85rem; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.error, .bad { color: var(--failed); } pre.stderr { border-left: 3px solid var(--refused); }
img { max-width: 100%; background: #fff; }
.output, .wide { overflow-x: auto; } .dim, .notrun { color: var(--dim); }
.verdict { color: #fff; border-radius: .3rem; padding: .1rem .6rem; font-weight: 700; }
header { border-left: .6rem solid; padding-left: 1rem; }
header .verdict { font-size: 1.4rem; text-transform: uppercase; }
.reason { font-size: 1.1rem; white-space: pre-wrap; }
summary { cursor: pointer; color: var(--dim); font-size: .85rem; }
.cell { margin: .6rem 0; } .cell.failed { border-left: 4px solid var(--failed);
  padding-left: .6rem; }
header.passed, header.planned { border-color: var(--passed); }
header.failed, header.refused, header.aborted { border-color: var(--failed); }
.verdict.passed { background: var(--passed); } .verdict.failed { background: var(--failed); }
.verdict.refused { background: var(--refused); } .verdict.aborted { background: var(--aborted); }
.verdict.planned, .verdict.running { background: var(--planned); }
@media print { details { display: none; } }
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
{% for cell in record.cells if cell.state == "failed" %}
<p><a href="#cell-{{ cell.id }}">to the cell that ended the run</a></p>
{% endfor %}
</header>
{% set counts = record.counts %}
<table>
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
</table>
{% if checks %}
<h2>Checks</h2>
<table>
<tr><th></th><th>check</th><th>expected</th><th>observed</th></tr>
{% for check in checks %}
<tr><td class="{{ '' if check.passed else 'bad' }}">{{ "held" if check.passed else "FAILED" }}</td>
<td>{{ check.name }}</td><td>{{ check.expected }}</td><td>{{ check.observed }}</td></tr>
{% endfor %}
</table>
{% endif %}
{% if record.changes %}
<h2>Changes</h2>
<table>
<tr><th>at</th><th>server</th><th>what</th><th>command</th><th></th></tr>
{% for change in record.changes %}
<tr><td>{{ change.at | moment }}</td><td>{{ change.server }}</td><td>{{ change.what }}</td>
<td><code>{{ change.text }}</code></td>
<td>{{ "lasting" if change.lasting else "drill act, taken back" }}</td></tr>
{% endfor %}
</table>
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
<tr><th>at</th><th>server</th><th>command</th><th>exit</th><th>took</th></tr>
{% for command in record.commands %}
<tr><td>{{ command.at | moment }}</td><td>{{ command.server }}</td>
<td><code>{{ command.text }}</code></td>
<td>{{ "did not finish" if command.exit_code is none else command.exit_code }}</td>
<td>{{ command.seconds | duration }}</td></tr>
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
{{ cell.html }}
{% else %}
<div class="cell {{ cell.state | replace(' ', '') }}" id="cell-{{ cell.id }}">
<details><summary>code, {{ cell.state }}{% if cell.seconds is not none %},
 {{ cell.seconds | duration }}{% endif %}</summary><pre>{{ cell.source }}</pre></details>
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
<body>
<h1>Records</h1>
<p class="dim">{{ records | length }} runs, newest first.</p>
<div class="wide"><table>
<tr><th>verdict</th><th>runbook</th><th>target</th><th>started</th><th>took</th>
<th>checks</th><th>changes</th><th>record</th></tr>
{% for record in records %}
{% set counts = record.counts %}
<tr title="{{ record.reason }}">
<td><span class="verdict {{ record.verdict }}">{{ record.verdict }}</span></td>
<td>{{ record.runbook }}</td><td>{{ record.target.name or "-" }}</td>
<td>{{ record.started | moment }}</td><td>{{ record.seconds | duration }}</td>
<td class="{{ 'bad' if counts.checks_failed }}">
{{- counts.checks - counts.checks_failed }}/{{ counts.checks }}</td>
<td>{{ counts.changes }}{% if counts.acts %} + {{ counts.acts }} acts{% endif %}</td>
<td>{% for kind, file in record.files.items() %}
<a href="{{ file }}">{{ kind }}</a> {% endfor %}</td></tr>
{% endfor %}
</table></div>
</body>
</html>"""
)
