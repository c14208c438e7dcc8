"""The lint beside the real validators: coreos-cloudinit v1.11, Ignition 0.12 to 2.14, ros."""

import json
from pathlib import Path

import pytest

from runbook.machine_config import lint
from runbook.machine_config.lint import Kind

OUTPUTS = Path(__file__).parents[1] / "outputs"

# (folder, situation) -> why the lint says error where the tool says nothing
STRICTER = {
    "cloudinit/validate-article-fixed": "row U1: the withdrawn DNS server",
    "cloudinit/validate-bad-discovery": "the tool does not look at discovery URLs; etcd will fail",
    "cloudinit/run-unknown-key": "row C3: a run warns of unknown keys and drops them",
    "ignition/validate-0.12.1-article": "rows C2, U1: command, runtime and the DNS server",
    "ignition/validate-0.35.0-article": "rows C2, U1: command, runtime and the DNS server",
    "ignition/validate-0.12.1-unknown-key": "row C3: Ignition warns and drops it",
    "ignition/validate-0.35.0-unknown-key": "row C3: Ignition warns and drops it",
    "ros/burmilla-2.0.5-config-validate-bad": "the tool prints errors and exits 0",
    "ros/config-merge-unknown-key": "row C3: v0.6.1 takes the key and never reads it",
}
# not the input's fault
OTHER_REASON = {
    "cloudinit/run-not-root": "refused for want of root",
    "ros/0.7.1-config-validate-good": "v0.7.1 has no validate",
    "ros/0.7.1-config-validate-missing": "v0.7.1 has no validate",
    "ros/1.5.8-config-validate-missing": "the file is not there",
    "ros/burmilla-2.0.5-config-validate-missing": "the file is not there",
}
READS = {"0.12.1": "2.0.0", "0.35.0": "2.3.0", "2.14.0": "3.3.0"}


def recordings(pattern: str) -> list[str]:
    return sorted(str(file.relative_to(OUTPUTS))[: -len(".json")] for file in OUTPUTS.glob(pattern))


def load(name: str) -> dict[str, object]:
    text = (OUTPUTS / f"{name}.json").read_text(encoding="utf-8")
    recorded: dict[str, object] = json.loads(text)
    return recorded


def compare(name: str, text: str, kind: Kind, refused: bool, version: str = "") -> None:
    errors = [str(f) for f in lint(text, kind, version=version) if f.severity == "error"]
    expected = name in STRICTER or (refused and name not in OTHER_REASON)
    assert bool(errors) is expected, f"{name}: {errors}"


@pytest.mark.parametrize("name", recordings("cloudinit/*.json"))
def test_like_coreos_cloudinit(name: str) -> None:
    recorded = load(name)
    if "input_file_content" in recorded:
        text = str(recorded["input_file_content"])
        compare(name, text, "coreos", recorded["exit_code"] != 0)


@pytest.mark.parametrize("name", recordings("ignition/validate-*.json"))
def test_like_ignition(name: str) -> None:
    recorded = load(name)
    version = READS[str(recorded["version"]).split()[0]]
    text = str(recorded["stdin"] or "")
    compare(name, text, "ignition", recorded["exit_code"] != 0, version)


@pytest.mark.parametrize(
    "name", recordings("ros/*config-validate-*.json") + recordings("ros/*config-merge-*.json")
)
def test_like_ros(name: str) -> None:
    recorded = load(name)
    compare(name, str(recorded["stdin"] or ""), "rancheros", recorded["exit_code"] != 0)
