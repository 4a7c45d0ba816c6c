"""A hub of its own on this machine: as much of the Hugging Face hub's interface as keeps and gives repositories."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

from attrs import define, field


@define
class Hub:
    """Repositories of models, each with the files of its newest commit."""

    address: str = ""
    files: dict[str, dict[str, bytes]] = field(factory=dict)
    said: dict[str, str] = field(factory=dict)  # message of each repository's last commit
    private: set[str] = field(factory=set)
    asked: list[str] = field(factory=list)

    def commit(self, repository: str) -> str:
        """A name for what a repository holds now."""
        held = sorted((name, digest(content)) for name, content in self.files[repository].items())
        return digest(json.dumps(held).encode())


def digest(content: bytes) -> str:
    """Forty digits, as those of commits and files are."""
    return hashlib.blake2b(content, digest_size=20).hexdigest()


@contextmanager
def hub_stand_in() -> Iterator[Hub]:
    """A hub that listens for as long as it is needed."""
    hub = Hub()

    class Answering(_Answering):
        of = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    hub.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Answering(BaseHTTPRequestHandler):
    of: Hub
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = self._parts()
        match parts:
            case ["api", "repos", "create"]:
                self._create(json.loads(body))
            case ["api", "validate-yaml"]:
                self._say({"errors": [], "warnings": []})
            case ["api", "models", owner, name, "preupload", _]:
                files = json.loads(body)["files"]
                self._say({"files": [{"path": each["path"], "uploadMode": "regular", "shouldIgnore": False}
                                     for each in files]})  # fmt: skip
            case ["api", "models", owner, name, "commit", _]:
                self._commit(f"{owner}/{name}", body)
            case _:
                self._refuse(404, "there is no such thing")

    def do_GET(self) -> None:
        match self._parts():
            case ["api", "models", owner, name, *rest] if self._has(f"{owner}/{name}"):
                self._describe(f"{owner}/{name}", rest)
            case [owner, name, "resolve", _, *path] if self._has(f"{owner}/{name}"):
                self._give(f"{owner}/{name}", "/".join(path))
            case _:
                self.of.asked.append(self.path)
                self._refuse(404, "Repository not found", code="RepoNotFound")

    do_HEAD = do_GET  # noqa: N815  # as http.server calls it

    def log_message(self, *args: object) -> None:
        pass

    def _parts(self) -> list[str]:
        return [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]

    def _has(self, repository: str) -> bool:
        return repository in self.of.files

    def _create(self, asked: dict[str, Any]) -> None:
        repository = f"{asked.get('organization') or 'me'}/{asked['name']}"
        if repository in self.of.files:
            return self._say({"url": f"{self.of.address}/{repository}"}, status=409)
        self.of.files[repository] = {}
        if asked.get("visibility") == "private" or asked.get("private"):
            self.of.private.add(repository)
        return self._say({"url": f"{self.of.address}/{repository}", "id": repository, "name": repository})

    def _commit(self, repository: str, body: bytes) -> None:
        for line in map(json.loads, body.splitlines()):
            if line["key"] == "file":
                content = base64.b64decode(line["value"]["content"])
                self.of.files[repository][line["value"]["path"]] = content
            if line["key"] == "deletedFile":
                del self.of.files[repository][line["value"]["path"]]
            if line["key"] == "header":
                self.of.said[repository] = line["value"]["summary"]
        commit = self.of.commit(repository)
        self._say(
            {"commitUrl": f"{self.of.address}/{repository}/commit/{commit}", "commitOid": commit, "success": True}
        )

    def _describe(self, repository: str, rest: list[str]) -> None:
        files = self.of.files[repository]
        if rest[:1] == ["tree"]:
            self._say([{"type": "file", "path": name, "size": len(content), "oid": digest(content)}
                       for name, content in files.items()])  # fmt: skip
        else:
            self._say({"id": repository, "modelId": repository, "sha": self.of.commit(repository), "private": False,
                       "tags": [], "siblings": [{"rfilename": name} for name in files]})  # fmt: skip

    def _give(self, repository: str, name: str) -> None:
        content = self.of.files[repository].get(name)
        if content is None:
            return self._refuse(404, "Entry not found", code="EntryNotFound")
        tag = digest(content)
        headers = {"ETag": f'"{tag}"', "X-Repo-Commit": self.of.commit(repository)}
        return self._send(200, content, "application/octet-stream", headers)

    def _say(self, value: object, status: int = 200) -> None:
        self._send(status, json.dumps(value).encode(), "application/json", {})

    def _refuse(self, status: int, sentence: str, code: str = "") -> None:
        headers = {"X-Error-Code": code, "X-Error-Message": sentence} if code else {"X-Error-Message": sentence}
        self._send(status, json.dumps({"error": sentence}).encode(), "application/json", headers)

    def _send(self, status: int, content: bytes, kind: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
