"""What a container answers over HTTP: nginx and its welcome page."""

from __future__ import annotations

from datetime import UTC, datetime

from runbook_twin.docker import images
from runbook_twin.docker.container import Container
from runbook_twin.machine import HttpAnswer, HttpHandler
from runbook_twin.world import NetworkError

STYLE = """    body {
        width: 35em;
        margin: 0 auto;
        font-family: Tahoma, Verdana, Arial, sans-serif;
    }"""
WELCOME = f"""<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
<style>
{STYLE}
</style>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, the nginx web server is successfully installed and
working. Further configuration is required.</p>

<p>For online documentation and support please refer to
<a href="http://nginx.org/">nginx.org</a>.<br/>
Commercial support is available at
<a href="http://nginx.com/">nginx.com</a>.</p>

<p><em>Thank you for using nginx.</em></p>
</body>
</html>
"""
MISSING = """<html>
<head><title>404 Not Found</title></head>
<body bgcolor="white">
<center><h1>404 Not Found</h1></center>
<hr><center>nginx/1.11.5</center>
</body>
</html>
"""
NOTICES = (
    'using the "epoll" event method',
    "nginx/1.22.1",
    "OS: Linux 6.18.44-fc-v669",
    "getrlimit(RLIMIT_NOFILE): 20000:20000",
    "start worker processes",
    "start worker process 7",
)


def serves_http(container: Container, port: int) -> bool:
    """Whether the container's process answers HTTP on that port."""
    return images.short_name(container.image) == "nginx" and port == 80


def handler(container: Container, port: int) -> HttpHandler:
    """What stands behind a published port of the container."""

    async def answer(method: str, path: str, body: bytes) -> HttpAnswer:
        if not container.running or not serves_http(container, port):
            raise NetworkError("connection refused")
        return nginx(method, path)

    return answer


def nginx(method: str, path: str) -> HttpAnswer:
    """nginx's answer as it comes in the image."""
    found = path.split("?")[0] in ("/", "/index.html")
    headers = {"Server": "nginx/1.11.5", "Content-Type": "text/html"}
    body = (WELCOME if found else MISSING).encode()
    if method == "HEAD":
        body = b""
    return HttpAnswer(200 if found else 404, body, headers)


def start_lines(container: Container, now: float) -> list[str]:
    """What the process writes to its log when it starts."""
    if images.short_name(container.image) != "nginx":
        return []
    when = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d %H:%M:%S")
    return [f"{when} [notice] 1#1: {notice}" for notice in NOTICES]
