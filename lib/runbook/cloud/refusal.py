"""The one place where the errors of openstacksdk and keystoneauth1 become ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from runbook.errors import CloudError, NotAuthenticated, RunbookError, TargetError, Unreachable

_QUOTA = re.compile(
    r"Quota exceeded for (?P<what>[^:]+): Requested (?P<asked>[\d, ]+), "
    r"but already used (?P<used>[\d, ]+) of (?P<limit>[\d, ]+?) "
)
_OVER_QUOTA = re.compile(r"Quota exceeded for resources: \[(?P<what>[^\]]*)\]")
_TOKEN = re.compile(r"gAAAAA[\w=-]+")
_URL = re.compile(r"https?://[^\s'\",)]+")
_TRANSIENT = ("is not ready", "vm_state building", "in task_state")


class ApiRefused(CloudError):
    """The API answered with an error; `status` is the HTTP code."""

    def __init__(self, what: str, status: int, details: str, *, remedy: str = "") -> None:
        super().__init__(what, remedy=remedy)
        self.status = status
        self.details = details

    @property
    def not_yet(self) -> bool:
        """Whether the same request may be accepted in a moment (the server is not ready)."""
        conflict = self.status == 409 and any(text in self.details for text in _TRANSIENT)
        return conflict or self.status == 404 or self.hiccup

    @property
    def hiccup(self) -> bool:
        """Whether it is the cloud's own trouble, which may pass."""
        return self.status in (429, 500, 502, 503, 504)


class Translator:
    """Tells foreign errors in our words; knows the values that no text may hold."""

    def __init__(self, cloud: str) -> None:
        self.cloud = cloud
        self.url = ""
        self._secrets: list[str] = []

    def hide(self, values: Iterable[object]) -> None:
        """Replace these values in all error texts from now on."""
        self._secrets += [str(value) for value in values if value]

    def clean(self, text: object) -> str:
        """The text without secrets and tokens, on one line."""
        words = " ".join(str(text).split())
        for secret in sorted(self._secrets, key=len, reverse=True):
            words = words.replace(secret, "«secret»")
        return _TOKEN.sub("«token»", words)

    @contextmanager
    def telling(self, doing: str) -> Iterator[None]:
        """Run a block that calls the SDK; `doing` completes "the cloud refused to ..."."""
        from keystoneauth1.exceptions import ClientException
        from openstack.exceptions import SDKException
        from requests.exceptions import RequestException

        try:
            yield
        except (SDKException, ClientException, RequestException) as error:
            raise self._told(error, doing) from None

    def _told(self, error: Exception, doing: str) -> RunbookError:
        from keystoneauth1 import exceptions as keystone
        from openstack import exceptions

        cause = error.__cause__ or error.__context__
        if type(error) is exceptions.SDKException and isinstance(cause, keystone.ClientException):
            error = cause  # authorize() wraps what really happened
        status = getattr(error, "status_code", None) or getattr(error, "http_status", None)
        if status == 401:
            return self._not_authenticated()
        if isinstance(error, exceptions.HttpException | keystone.HttpError) and status:
            return self._refused(int(status), error, doing)
        unusable = (
            *(exceptions.ConfigException, keystone.MissingRequiredOptions),
            *(keystone.NoMatchingPlugin, keystone.EndpointNotFound, keystone.MissingAuthPlugin),
        )
        if isinstance(error, unusable):
            return TargetError(
                f"cloud {self.cloud} cannot be used: {self.clean(error)}",
                remedy="mend its entry in clouds.yaml (auth, region_name) or `cloud` in the target",
            )
        if isinstance(error, exceptions.SDKException):
            return CloudError(f"could not {doing} in cloud {self.cloud}: {self.clean(error)}")
        return self._unreachable(error)

    def _not_authenticated(self) -> NotAuthenticated:
        return NotAuthenticated(
            f"cloud {self.cloud} ({self.url}) did not accept the user or password",
            remedy="check user, password and project of this cloud in clouds.yaml",
        )

    def _unreachable(self, error: Exception) -> Unreachable:
        text = self.clean(error)
        found = _URL.search(text)
        url = found[0].rstrip(".:") if found else self.url
        reasons = {
            "refused": "connection refused",
            "timed out": "no answer in time",
            "timeout": "no answer in time",
            "resolve": "the host name is not known",
            "not known": "the host name is not known",
            "certificate": "its certificate is not trusted",
            "unreachable": "no route to it",
        }
        known = (words for sign, words in reasons.items() if sign in text.lower())
        return Unreachable(
            f"cloud {self.cloud} is not reachable at {url}: {next(known, text)}",
            remedy="check that the cloud is up and that auth_url in clouds.yaml is right",
        )

    def _refused(self, status: int, error: Any, doing: str) -> ApiRefused:
        details = self.clean(getattr(error, "details", None) or error)
        if used_up := _QUOTA.search(details):
            what = f"the project's quota of {used_up['what']} is used up: "
            what += (
                f"{used_up['used']} of {used_up['limit']} are used, {used_up['asked']} more wanted"
            )
            remedy = "delete servers that are not needed, or ask the cloud's operator for more"
        elif over := _OVER_QUOTA.search(details):
            kinds = over["what"].replace("'", "").replace("_", " ")
            what = f"the project's quota of {kinds} is used up"
            remedy = f"delete what is not needed ({kinds}), or ask the cloud's operator for more"
        else:
            what = f"it answered {status}: {details}"
            trouble = "try again; if it stays, ask the cloud's operator"
            remedy = trouble if status >= 500 or status == 429 else ""
        refused = f"cloud {self.cloud} refused to {doing}: {what}"
        return ApiRefused(refused, status, details, remedy=remedy)
