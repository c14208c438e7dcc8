"""The button that approves a plan in JupyterLab."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets


def approval(approve: Callable[[], None]) -> object:
    """A button; a click lets the cells below change things."""
    button: Any = ipywidgets.Button(
        description="Approve the plan above", button_style="danger", layout={"width": "220px"}
    )
    label: Any = ipywidgets.Label("Not approved: the cells below will refuse to change anything.")

    def clicked(_: object) -> None:
        approve()
        button.disabled, button.description, button.button_style = True, "Approved", "success"
        label.value = "Approved: the cells below may run."

    button.on_click(clicked)
    return ipywidgets.HBox([button, label])
