"""A page served to this machine alone, made anew when it is asked for and old enough."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread

from attrs import define, field

from .failures import NoPort
from .store import StoreError

HERE = "127.0.0.1"
NAMES = frozenset(
    {HERE, "localhost"}
)  # by which a browser may call us: a page of others that lures it here has another


@define
class _Page:
    """The page as it was last made. Several readers wait for one making."""

    make: Callable[[], bytes]
    every: float  # seconds for which it is new enough
    made: float | None = None
    content: bytes = b""
    lock: Lock = field(factory=Lock)

    def get(self) -> bytes:
        with self.lock:
            if self.made is None or time.monotonic() - self.made >= self.every:
                self.content = self.make()
                self.made = time.monotonic()
            return self.content


@contextmanager
def served(make: Callable[[], bytes], port: int, every: float) -> Iterator[str]:
    """Serve a page for as long as the block runs; yields its address.

    Args:
        port: 0: any that is free.
        every: seconds after which browsers ask again.

    Raises:
        NoPort: the port cannot be had.
    """
    page = _Page(make, every)

    class Answering(_Answering):
        of = page

    try:
        server = ThreadingHTTPServer((HERE, port), Answering)
    except OSError as problem:
        reason = problem.strerror or problem
        raise NoPort(f"port {port} cannot be had: {reason}; name another with --serve, or 0 for any free one") from None
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HERE}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Answering(BaseHTTPRequestHandler):
    of: _Page
    server_version, sys_version = "ticketlang", ""

    def do_GET(self) -> None:
        if (self.headers.get("Host") or "").partition(":")[0] not in NAMES:
            return self._say(403, b"this page is for its own machine")
        if self.path != "/":
            return self._say(404, b"there is one page: /")
        try:
            content = self.of.get()
        except StoreError as problem:
            return self._say(503, str(problem).encode(errors="replace"))
        return self._say(200, content, "text/html; charset=utf-8")

    do_HEAD = do_GET  # noqa: N815  # as http.server calls it

    def log_message(self, *args: object) -> None:
        """Who reads it is nobody's business."""

    def _say(self, status: int, content: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Refresh", f"{max(1, round(self.of.every))}")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
