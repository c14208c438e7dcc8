"""curl: one HTTP request inside the world, with curl's own words and exit codes."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from runbook_twin import access
from runbook_twin.http_head import head_of
from runbook_twin.machine import Call, HttpAnswer
from runbook_twin.programs.base import Usage, path, program, read
from runbook_twin.world import NetworkError

_LONG = {
    "silent": "s", "show-error": "S", "fail": "f", "output": "o", "max-time": "m", "request": "X",
    "data": "d", "data-binary": "d", "data-raw": "d", "data-urlencode": "d", "header": "H",
    "include": "i", "head": "I", "location": "L", "write-out": "w", "unix-socket": "U",
    "connect-timeout": "C", "insecure": "k", "user-agent": "A", "verbose": "v", "get": "G",
    "upload-file": "T", "url": "u", "noproxy": "N", "retry": "r", "ipv4": "4", "compressed": "c",
    "http1.1": "1", "form": "F", "remote-name": "O",
}  # fmt: skip
_VALUED = "omXdHwUCATuNrF"
_METER = (
    "  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
    "                                 Dload  Upload   Total   Spent    Left  Speed\n"
)
_HELP = "curl: try 'curl --help' or 'curl --manual' for more information\n"


@dataclass
class Request:
    """A parsed command line."""

    flags: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)


def parse(words: list[str]) -> Request:
    """Read curl's options. Raises Usage."""
    request, words = Request(), list(words)
    while words:
        word = words.pop(0)
        if word.startswith("--"):
            letter = _LONG.get(word[2:], "")
            if not letter:
                raise Usage(f"option {word}: is unknown", 2)
            _take(request, letter, "", words, word)
        elif word.startswith("-") and len(word) > 1:
            rest = word[1:]
            while rest:
                letter, rest = rest[0], rest[1:]
                if letter not in "sSfoimXdHILwkAvGT4O":
                    raise Usage(f"option -{letter}: is unknown", 2)
                if letter in _VALUED:
                    _take(request, letter, rest, words, word)
                    break
                _take(request, letter, "", words, word)
        else:
            request.urls.append(word)
    return request


def _take(request: Request, letter: str, value: str, words: list[str], shown: str) -> None:
    if letter not in _VALUED:
        request.flags.add(letter)
        return
    if not value and not words:
        raise Usage(f"option {shown}: requires parameter", 2)
    value = value or words.pop(0)
    if letter == "d":
        request.data.append(value)
    elif letter == "u":
        request.urls.append(value)
    else:
        request.values[letter] = value


class CurlError(Exception):
    """curl's exit code and message."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


@program("curl")
async def curl(call: Call) -> int:
    """Ask; print the answer."""
    try:
        request = parse(call.argv[1:])
    except Usage as error:
        call.err(f"curl: {error}\n{_HELP}")
        return error.code
    if not request.urls:
        call.err(f"curl: no URL specified!\n{_HELP}")
        return 2
    status = 0
    for url in request.urls:
        status = await _one(call, request, url)
    return status


async def _one(call: Call, request: Request, url: str) -> int:
    started = call.clock.now()
    quiet = "s" in request.flags
    answer: HttpAnswer | None = None
    error: CurlError | None = None
    try:
        limit = float(request.values.get("m", "0")) / call.clock.factor
        async with asyncio.timeout(limit or None):
            answer = await _ask(call, request, url)
        if "f" in request.flags and answer.status >= 400:
            error = CurlError(22, f"The requested URL returned error: {answer.status}")
    except TimeoutError:
        spent = int(float(request.values["m"]) * 1000) + 1
        error = CurlError(28, f"Connection timed out after {spent} milliseconds")
    except CurlError as trouble:
        error = trouble
    took = call.clock.now() - started
    shown = answer if answer and not error else None
    status = _deliver(call, request, shown, quiet=quiet)
    _write_out(call, request, answer, took)
    if error and (not quiet or "S" in request.flags):
        call.err(f"curl: ({error.code}) {error}\n")
    return error.code if error else status


def _deliver(call: Call, request: Request, answer: HttpAnswer | None, *, quiet: bool) -> int:
    """Print the answer or write it to the file of -o."""
    body = b"" if answer is None else answer.body
    if answer and {"i", "I"} & request.flags:
        body = head_of(answer, call.clock.datetime()) + (b"" if "I" in request.flags else body)
    target = request.values.get("o")
    if not quiet and (target or not call.tty):
        call.err(_METER + _progress(len(answer.body) if answer else 0))
    if target is None:
        call.write_out(body) if body else None
        return 0
    try:
        access.write(call.machine, call.user, path(call, target), body)
    except OSError as error:
        call.err(f"Warning: Failed to create the file {target}: {error.strerror or error}\n"
                 f"curl: (23) Failed writing body (0 != {len(body)})\n")  # fmt: skip
        return 23
    return 0


def _progress(size: int) -> str:
    times = "--:--:-- --:--:-- --:--:--"
    zero = f"\r  0     0    0     0    0     0      0      0 {times}     0"
    if not size:
        return zero + "\n"
    speed = f"{size * 9:5}"
    return f"{zero}\r100 {size:5}  100 {size:5}    0     0  {speed}      0 {times} {speed}\n"


async def _ask(call: Call, request: Request, url: str) -> HttpAnswer:
    """The answer, redirects followed with -L. Raises CurlError."""
    method = request.values.get(
        "X", "HEAD" if "I" in request.flags else "POST" if request.data else "GET"
    )
    body = await _body(call, request)
    if "G" in request.flags:
        url, body, method = f"{url}?{body.decode()}", b"", "GET"
    if "T" in request.values:
        body, method = await read(call, request.values["T"]), request.values.get("X", "PUT")
    for _ in range(20):
        answer = await _send(call, request, method, url, body)
        where = next((v for k, v in answer.headers.items() if k.lower() == "location"), "")
        if "L" not in request.flags or not where or answer.status not in (301, 302, 303, 307, 308):
            return answer
        url = urljoin(url, where)
        if answer.status not in (307, 308):
            method, body = ("HEAD" if method == "HEAD" else "GET"), b""
    raise CurlError(47, "Maximum (50) redirects followed")


async def _body(call: Call, request: Request) -> bytes:
    parts = []
    for value in request.data:
        parts.append(await read(call, value[1:]) if value.startswith("@") else value.encode())
    return b"&".join(parts)


async def _send(call: Call, request: Request, method: str, url: str, body: bytes) -> HttpAnswer:
    url = url if re.match(r"[a-z]+://", url) else f"http://{url}"
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https"):
        raise CurlError(1, f'Protocol "{parts.scheme}" not supported or disabled in libcurl')
    if socket := request.values.get("U"):
        handler = call.machine.unix_sockets.get(socket)
        if handler is None:
            raise CurlError(7, f"Couldn't connect to {parts.hostname}")
        return await handler(
            method, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), body
        )
    limit = float(request.values.get("C", "0")) or 127.0
    try:
        return await call.world.http(call.machine, method, url, body, timeout=limit)
    except NetworkError as error:
        raise _in_curls_words(error.reason, parts.hostname or "", parts.port or 80, limit) from None


def _in_curls_words(reason: str, host: str, port: int, limit: float) -> CurlError:
    if reason == "no such host":
        return CurlError(6, f"Could not resolve host: {host}")
    if reason == "i/o timeout":
        return CurlError(28, f"Connection timed out after {int(limit * 1000) + 1} milliseconds")
    if "reset" in reason or "EOF" in reason:
        return CurlError(52, "Empty reply from server")
    took = 3050 if reason == "no route to host" else 0
    where = f"{host} port {port} after {took} ms"
    return CurlError(7, f"Failed to connect to {where}: Couldn't connect to server")


def _write_out(call: Call, request: Request, answer: HttpAnswer | None, took: float) -> None:
    if "w" not in request.values:
        return
    size = len(answer.body) if answer else 0
    values = {
        "http_code": f"{answer.status if answer else 0:03}", "size_download": str(size),
        "response_code": f"{answer.status if answer else 0:03}", "time_total": f"{took:.6f}",
        "time_connect": f"{took / 2:.6f}", "url_effective": request.urls[-1],
        "content_type": (answer.headers.get("Content-Type", "") if answer else ""),
        "num_redirects": "0", "remote_ip": "", "http_version": "1.1",
    }  # fmt: skip
    text = request.values["w"].replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r")
    call.out(re.sub(r"%\{(\w+)\}", lambda m: values.get(m[1], ""), text))
