"""Text that a configuration carries: base64, gzip and data: URLs, and the withdrawn DNS server."""

from __future__ import annotations

import base64
import binascii
import gzip
import re
import zlib
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from runbook.machine_config.finding import Finding
from runbook.machine_config.tree import Node, path_at

WITHDRAWN = "109.234.159.91"
DNS_SERVERS = ("188.93.16.19", "188.93.17.19")
_WITHDRAWN = re.compile(r"(?<![0-9.])109\.234\.159\.91(?!\.?[0-9])")
_MOST = 1 << 20  # bytes of a packed file that are looked at


def unpack(content: str, encoding: str) -> bytes:
    """The bytes of a `write_files` content. Raises ValueError when it is not so encoded."""
    data = content.encode()
    try:
        if encoding.endswith(("base64", "b64")):
            data = base64.b64decode(re.sub(r"\s", "", content), validate=True)
        if encoding.startswith("gz"):
            data = zlib.decompressobj(wbits=31).decompress(data, _MOST)
    except (binascii.Error, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"contents cannot be decoded as {encoding}: {error}") from error
    return data


def read_data_url(url: str) -> bytes:
    """The bytes in a `data:` URL (RFC 2397). Raises ValueError with the reason."""
    head, comma, body = url.removeprefix("data:").partition(",")
    media, *parameters = head.split(";")
    if not comma:
        raise ValueError("a data: URL needs a comma before its content")
    if media and not re.fullmatch(r"[\w!#$&^.+-]+/[\w!#$&^.+-]+", media):
        raise ValueError(f"{media} is no media type")
    if re.search(r"%(?![0-9A-Fa-f]{2})", body):
        raise ValueError("a % in a data: URL must be followed by two hex digits")
    if re.search(r"[\s\"<>\\^`{|}]", body) or not body.isascii():
        raise ValueError("a character in the data: URL must be written as %XX")
    data = unquote_to_bytes(body)
    if "base64" not in parameters:
        return data
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ValueError(f"the content is not base64: {error}") from error


def withdrawn(text: str, root: Node | None) -> Iterator[Finding]:
    """Every place that names the DNS server that is gone (article row U1), packed or not."""
    for number, line in enumerate(text.split("\n"), 1):
        for match in _WITHDRAWN.finditer(line):
            yield _finding(number, match.start() + 1, path_at(root, number))
    for path, node in root.walk() if root else ():
        if _hidden(node):
            yield _finding(node.line, node.column, path)


def _hidden(node: Node) -> bool:
    """Whether a packed text holds the address where a reader of the file does not see it."""
    encoding, packed = node.get("encoding"), node.get("content")
    try:
        if encoding and packed:
            data = unpack(packed.text, encoding.text)
        elif node.kind == "text" and node.text.startswith("data:"):
            data = read_data_url(node.text)
        else:
            return False
    except ValueError:
        return False
    seen = packed.text if packed else node.text
    text = data.decode("utf-8", "replace")
    return bool(_WITHDRAWN.search(text)) and not _WITHDRAWN.search(seen)


def _finding(line: int, column: int, path: str) -> Finding:
    message = f"the DNS server {WITHDRAWN} is withdrawn and does not answer"
    remedy = f"use {' and '.join(DNS_SERVERS)} (article: UPD)"
    return Finding(line, column, path, "error", message, remedy)
