"""What all API answers have in common: tokens, JSON, each service's own shape of an error."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from tornado.web import HTTPError, RequestHandler

if TYPE_CHECKING:
    from runbook_twin.openstack.project import Project

Row = dict[str, Any]


class ApiError(HTTPError):
    """A refusal: HTTP status, the service's words, neutron's name for it."""

    def __init__(self, status: int, message: str, kind: str = "HTTPBadRequest") -> None:
        super().__init__(status)
        self.message = message
        self.kind = kind


class ApiHandler(RequestHandler):
    """One request to one service. `service` is the first part of its path."""

    service = ""
    needs_token = True

    def initialize(self, project: Project) -> None:
        """Keep the project that this request is about."""
        self.project = project

    def compute_etag(self) -> None:
        """OpenStack gives no entity tags."""

    @property
    def base(self) -> str:
        """URL of this service as the caller reached it, without a slash at the end."""
        return f"{self.request.protocol}://{self.request.host}/{self.service}"

    def prepare(self) -> None:
        """Check the token; answer with the injected error while there is one."""
        request_id = f"req-{uuid.uuid4()}"
        self.set_header("x-openstack-request-id", request_id)
        if self.service == "compute":
            self.set_header("x-compute-request-id", request_id)
        if not self.needs_token:
            return
        if not self.project.tokens.valid(self.request.headers.get("X-Auth-Token", "")):
            raise ApiError(401, "The request you have made requires authentication.")
        if status := self.project.injected_error():
            raise ApiError(status, "The server is currently unavailable.", "InjectedError")

    def body(self, key: str) -> Row:
        """The object under `key` of the JSON body. Raises ApiError 400."""
        try:
            document = json.loads(self.request.body)
        except ValueError:
            raise ApiError(400, "Malformed request body") from None
        if not isinstance(document, dict) or not isinstance(document.get(key), dict):
            raise ApiError(400, f"Invalid input for field/attribute {key}. '{key}' is required")
        found: Row = document[key]
        return found

    def answer(self, document: Any, status: int = 200) -> None:
        """Send a JSON document."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(document))

    def empty(self, status: int) -> None:
        """Send a status without a body."""
        self.set_status(status)
        self.clear_header("Content-Type")
        self.finish()

    def queries(self, name: str) -> list[str]:
        """Values of a query parameter that may be repeated."""
        return self.get_query_arguments(name)

    def query(self, name: str) -> str | None:
        """The last value of a query parameter."""
        return self.get_query_argument(name, None)

    def same_query(self, **changed: str) -> str:
        """The query of this request with some parameters replaced."""
        kept = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        return urlencode({**kept, **changed})

    def write_error(self, status_code: int, **given: Any) -> None:
        """Answer with the service's own shape of an error."""
        error = (given.get("exc_info") or (None, None, None))[1]
        message = getattr(error, "message", "") or f"{status_code} {self._reason}"
        if status_code == 401:
            self.set_header("WWW-Authenticate", f'Keystone uri="{self._keystone()}"')
        self.send_refusal(status_code, message, getattr(error, "kind", "HTTPNotFound"))

    def _keystone(self) -> str:
        return f"{self.request.protocol}://{self.request.host}/identity"

    def send_refusal(self, status: int, message: str, kind: str) -> None:
        """Keystone's shape of an error; its middleware gives 401 to the other services too."""
        error = {"code": status, "message": message, "title": self._reason}
        self.answer({"error": error}, status)


class Unknown(ApiHandler):
    """Every path that a service does not have: 404, but 401 without a token."""

    def _missing(self, *_: str) -> None:
        raise ApiError(404, "The resource could not be found.", "HTTPNotFound")

    get = post = put = delete = patch = _missing
