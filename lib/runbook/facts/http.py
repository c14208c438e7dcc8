"""Whether a page answers, asked by curl from a server of the same network."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from runbook.command import Node
from runbook.table import rows_frame


def pages(node: Node, addresses: Sequence[str], port: int = 80) -> pd.DataFrame:
    """GET / of each address. Columns: address, port, status (HTTP, 0 = no answer), seconds."""
    rows = []
    for address in addresses:
        result = node.run(
            "curl -s -o /dev/null -m 5 -w %s %s",
            "%{http_code}",
            f"http://{address}:{port}/",
            deadline=20,
        )
        status = int(result.text) if result.text.isdigit() else 0
        rows.append(
            {
                "address": address,
                "port": port,
                "status": status,
                "seconds": round(result.seconds, 2),
            }
        )
    caption = f"{node.name} · GET / of {', '.join(addresses)}"
    return rows_frame(rows, ("address", "port", "status", "seconds"), caption)
