"""Base of nova's answers: microversions, nova's errors, and the version documents."""

from __future__ import annotations

import re

from runbook_twin.openstack.handler import ApiError, ApiHandler, Row

MINIMUM, MAXIMUM = (2, 1), (2, 103)
ERROR_NAMES = {
    400: "badRequest",
    403: "forbidden",
    404: "itemNotFound",
    405: "badMethod",
    409: "conflictingRequest",
    413: "overLimit",
    429: "overLimit",
    501: "notImplemented",
    503: "serviceUnavailable",
}


def bad_field(field: str, value: object, why: str) -> ApiError:
    """Nova's 400 for a value that its schema does not take."""
    message = f"Invalid input for field/attribute {field}. Value: {value}. {why}"
    return ApiError(400, message)


class Computing(ApiHandler):
    """One request to nova under one microversion."""

    service = "compute"
    version = MINIMUM

    def prepare(self) -> None:
        """Settle the microversion before anything else."""
        super().prepare()
        self.version = self._negotiate()
        text = ".".join(map(str, self.version))
        self.set_header("OpenStack-API-Version", f"compute {text}")
        self.set_header("X-OpenStack-Nova-API-Version", text)
        self.set_header("Vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version")

    def _negotiate(self) -> tuple[int, int]:
        headers = self.request.headers
        asked = headers.get("X-OpenStack-Nova-API-Version", "")
        for part in headers.get("OpenStack-API-Version", "").split(","):
            service, _, number = part.strip().partition(" ")
            asked = number.strip() if service == "compute" else asked
        if not asked:
            return MINIMUM
        if asked == "latest":
            return MAXIMUM
        if not re.fullmatch(r"[1-9]\d*\.(0|[1-9]\d*)", asked):
            message = f"API Version String {asked} is of invalid format. "
            raise ApiError(400, message + "Must be of format MajorNum.MinorNum.")
        major, minor = map(int, asked.split("."))
        if not MINIMUM <= (major, minor) <= MAXIMUM:
            raise ApiError(
                406,
                f"Version {asked} is not supported by the API. "
                f"Minimum is 2.{MINIMUM[1]} and maximum is 2.{MAXIMUM[1]}.",
            )
        return major, minor

    def since(self, minor: int) -> bool:
        """Whether the request's microversion is 2.`minor` or newer."""
        return self.version >= (2, minor)

    def url(self, path: str) -> str:
        """A URL of this API."""
        return f"{self.base}/v2.1{path}"

    def links(self, path: str) -> list[Row]:
        """The two links that every member has."""
        return [
            {"rel": "self", "href": self.url(path)},
            {"rel": "bookmark", "href": f"{self.base}{path}"},
        ]

    def send_refusal(self, status: int, message: str, kind: str) -> None:
        """Nova's shape of an error."""
        if status == 401:
            super().send_refusal(status, message, kind)
            return
        name = ERROR_NAMES.get(status, "computeFault")
        self.answer({name: {"code": status, "message": message}}, status)


class Versions(Computing):
    """GET /compute/ and /compute/v2.1/."""

    needs_token = False

    def get(self, one: str = "") -> None:
        """The versions, or the one."""
        version: Row = {
            "id": "v2.1",
            "status": "CURRENT",
            "version": f"2.{MAXIMUM[1]}",
            "min_version": f"2.{MINIMUM[1]}",
            "updated": "2013-07-23T11:33:21Z",
            "links": [{"rel": "self", "href": f"{self.base}/v2.1/"}],
        }
        if not one:
            self.answer({"versions": [version]})
            return
        kind = "application/vnd.openstack.compute+json;version=2.1"
        media = [{"base": "application/json", "type": kind}]
        self.answer({"version": {**version, "media-types": media}})
