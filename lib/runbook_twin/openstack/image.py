"""Glance v2: images that servers are made from. Its errors are HTML pages."""

from __future__ import annotations

from html import escape
from typing import Any

from runbook_twin.openstack.handler import ApiError, ApiHandler, Row
from runbook_twin.openstack.paging import page, whole_number
from runbook_twin.openstack.records import Image, stamp

VERSIONS = ("v2.17", "v2.16", "v2.15", "v2.9", "v2.7", "v2.0")
DEFAULT_LIMIT, MAXIMUM_LIMIT = 25, 1000


class Imaging(ApiHandler):
    """Base of glance's answers."""

    service = "image"

    def send_refusal(self, status: int, message: str, kind: str) -> None:
        """Glance's shape of an error: a page."""
        title = f"{status} {self._reason}"
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(
            f"<html>\n <head>\n  <title>{title}</title>\n </head>\n <body>\n"
            f"  <h1>{title}</h1>\n  {escape(message)}<br /><br />\n\n\n </body>\n</html>"
        )

    def shown(self, image: Image) -> Row:
        """An image as the API shows it."""
        return {
            "id": image.id,
            "name": image.name,
            "status": "active",
            "visibility": "public",
            "owner": None,
            "protected": False,
            "os_hidden": False,
            "disk_format": "qcow2",
            "container_format": "bare",
            "min_disk": image.min_disk,
            "min_ram": image.min_ram,
            "size": image.size,
            "virtual_size": None,
            "checksum": image.digest[:32],
            "os_hash_algo": "sha512",
            "os_hash_value": image.digest,
            "tags": [],
            "created_at": stamp(image.created),
            "updated_at": stamp(image.created),
            "self": f"/v2/images/{image.id}",
            "file": f"/v2/images/{image.id}/file",
            "schema": "/v2/schemas/image",
        }


class Versions(Imaging):
    """GET /image/: 300 with the versions."""

    needs_token = False

    def get(self) -> None:
        """List the versions, newest first."""
        links = [{"rel": "self", "href": f"{self.base}/v2/"}]
        rows = [
            {"id": name, "status": "SUPPORTED" if place else "CURRENT", "links": links}
            for place, name in enumerate(VERSIONS)
        ]
        self.answer({"versions": rows}, 300)


class Images(Imaging):
    """GET /image/v2/images."""

    def get(self) -> None:
        """List with filters and pages."""
        asked = whole_number(self.query("limit"), "limit")
        limit = min(DEFAULT_LIMIT if asked is None else asked, MAXIMUM_LIMIT)
        rows = [row for row in map(self.shown, self.project.images) if self._matches(row)]
        cut = page(rows, limit, self.query("marker"), key=lambda row: str(row["id"]))
        rest = self.same_query()
        document: dict[str, Any] = {
            "images": cut,
            "first": "/v2/images" + (f"?{rest}" if rest else ""),
            "schema": "/v2/schemas/images",
        }
        if cut and len(cut) == limit:
            document["next"] = "/v2/images?" + self.same_query(marker=cut[-1]["id"])
        self.answer(document)

    def _matches(self, row: Row) -> bool:
        for name in ("name", "id", "status", "visibility", "owner", "disk_format"):
            given = self.query(name)
            if given is None or (name, given) == ("visibility", "all"):
                continue
            words = given[3:].split(",") if given.startswith("in:") else [given]
            if str(row[name]) not in [word.strip('"') for word in words]:
                return False
        return True


class ImageById(Imaging):
    """GET /image/v2/images/ID."""

    def get(self, image_id: str) -> None:
        """Show one."""
        for image in self.project.images:
            if image.id == image_id:
                self.answer(self.shown(image))
                return
        raise ApiError(404, f"Failed to find image {image_id} to show")

    def _forbidden(self, image_id: str) -> None:
        raise ApiError(403, f"You are not permitted to change image {image_id}.")

    put = patch = delete = _forbidden


class Schema(Imaging):
    """GET /image/v2/schemas/image and /images."""

    def get(self, name: str) -> None:
        """The JSON schema, made from what an image shows."""
        kinds = {bool: "boolean", int: "integer", list: "array"}
        example = self.shown(Image("", "", 0.0))
        properties = {
            key: {"type": kinds.get(type(value), "string")} for key, value in example.items()
        }
        schema: Row = {
            "name": "image",
            "properties": properties,
            "additionalProperties": {"type": "string"},
        }
        if name == "images":
            schema = {
                "name": "images",
                "properties": {
                    "images": {"type": "array", "items": schema},
                    "first": {"type": "string"},
                    "next": {"type": "string"},
                    "schema": {"type": "string"},
                },
            }
        self.answer(schema)
