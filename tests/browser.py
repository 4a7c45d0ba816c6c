"""A headless Chromium, spoken to over two pipes (the DevTools protocol): what a page does when somebody looks at it."""

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import define, field

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--remote-debugging-pipe",
)
FAR = 100  # a file descriptor that nothing else has


def chromium() -> str | None:
    """Where the browser is; None: there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@define
class Page:
    """One tab."""

    to: int  # file descriptors
    back: int
    session: str = ""
    count: int = 0
    rest: bytes = b""
    complaints: list[str] = field(factory=list)  # of the console
    fetched: list[str] = field(factory=list)  # addresses that were asked for

    def ask(self, method: str, **params: Any) -> Any:
        """Call a method of the protocol, and wait for its answer; what happens meanwhile is kept."""
        self.count += 1
        message = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while (answer := self._next()).get("id") != self.count:
            self._note(answer)
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def tell(self, expression: str) -> Any:
        """The value of an expression on the page."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def open(self, path: Path, width: int = 1280, dark: bool = False) -> None:
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        theme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[theme])
        self.visit(path.as_uri())

    def visit(self, address: str) -> None:
        self.ask("Page.navigate", url=address)
        waiting = "new Promise(r => document.readyState == 'complete' ? r() : addEventListener('load', () => r()))"
        self.tell(waiting)

    def point_at(self, selector: str) -> None:
        """Move the mouse over the first element of a selector."""
        place = self.tell(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center',"
            " behavior: 'instant'}); const b = e.getBoundingClientRect();"
            " return [b.x + b.width / 2, b.y + b.height / 2] })()"
        )
        self.ask("Input.dispatchMouseEvent", type="mouseMoved", x=place[0], y=place[1])

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def _note(self, event: Any) -> None:
        params = event.get("params", {})
        match event.get("method"):
            case "Log.entryAdded":
                self.complaints.append(params["entry"]["text"])
            case "Runtime.consoleAPICalled" if params["type"] in {"error", "warning"}:
                self.complaints.append(str(params["args"]))
            case "Runtime.exceptionThrown":
                self.complaints.append(str(params["exceptionDetails"]))
            case "Network.requestWillBeSent":
                self.fetched.append(params["request"]["url"])

    def _next(self) -> Any:
        while b"\0" not in self.rest:
            found = os.read(self.back, 1 << 20)
            assert found, "the browser went away"
            self.rest += found
        message, _, self.rest = self.rest.partition(b"\0")
        return json.loads(message)


@contextmanager
def browsing(folder: Path) -> Iterator[Page]:
    """A tab of a browser that knows nothing from before.

    Args:
        folder: an empty one, for its profile.
    """
    program = chromium()
    assert program is not None, "ask for chromium() first"
    theirs_in, to = os.pipe()
    back, theirs_out = os.pipe()
    there = [fcntl.fcntl(end, fcntl.F_DUPFD, FAR) for end in (theirs_in, theirs_out)]
    command = [program, *FLAGS, f"--user-data-dir={folder}"]
    script = f'exec "$@" 3<&{there[0]} 4>&{there[1]}'  # the descriptors that the protocol names
    process = subprocess.Popen(["bash", "-c", script, "bash", *command], pass_fds=there, stderr=subprocess.DEVNULL)
    for end in (theirs_in, theirs_out, *there):
        os.close(end)
    try:
        page = Page(to, back)
        target = page.ask("Target.createTarget", url="about:blank")["targetId"]
        page.session = page.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.ask(f"{domain}.enable")
        yield page
    finally:
        process.terminate()
        process.wait(timeout=30)
        os.close(to)
        os.close(back)
