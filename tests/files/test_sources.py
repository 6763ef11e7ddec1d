from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import clinsynth
from clinsynth.config import FileConfig
from clinsynth.errors import DataFormatError, Unreachable
from clinsynth.files import sources
from support import sha256

CONTENT = b"mild\tO\nataxia\tB-Disease\n"


@dataclass
class Served:
    """A server on this machine: what it answers, and what it was asked."""

    url: str
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    """Status and body of each answer; the last one is repeated."""
    asked: list[str] = field(default_factory=list)
    cut: int = 0
    """Bytes at the end that are announced and not sent."""


@pytest.fixture
def served() -> Iterator[Served]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            status, body = found.answers[min(len(found.asked), len(found.answers)) - 1]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) - found.cut])

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Served(f"http://127.0.0.1:{server.server_port}/corpus/train.tsv")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second attempt."""
    monkeypatch.setattr(sources, "RETRY_WITHIN", 0)


def remote(url: str, content: bytes = CONTENT) -> FileConfig:
    return FileConfig(path="corpus/train.tsv", sha256=sha256(content), url=url)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_download_is_stored_once(tmp_path: Path, served: Served) -> None:
    served.answers = [(200, CONTENT)]
    for _ in range(2):
        path = sources.locate(remote(served.url), data=tmp_path / "data")
        assert path == tmp_path / "data" / "corpus" / "train.tsv"
        assert path.read_bytes() == CONTENT
    assert served.asked == ["/corpus/train.tsv"]
    assert files(tmp_path) == ["data/corpus/train.tsv"]


def test_a_file_that_is_there_is_not_downloaded(tmp_path: Path, served: Served) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "train.tsv").write_bytes(CONTENT)
    assert sources.locate(remote(served.url), data=tmp_path).read_bytes() == CONTENT
    assert served.asked == []


def test_a_download_of_other_content_is_thrown_away(tmp_path: Path, served: Served) -> None:
    served.answers = [(200, b"<html>Please log in</html>")]
    with pytest.raises(DataFormatError, match="sent something else than expected") as raised:
        sources.locate(remote(served.url), data=tmp_path)
    assert served.url in str(raised.value)
    assert len(served.asked) == 1
    assert files(tmp_path) == []


def test_a_wrong_file_is_not_overwritten(tmp_path: Path, served: Served) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "train.tsv").write_bytes(b"mine")
    with pytest.raises(DataFormatError, match="it is damaged or another edition"):
        sources.locate(remote(served.url), data=tmp_path)
    assert (tmp_path / "corpus" / "train.tsv").read_bytes() == b"mine"
    assert served.asked == []


@pytest.mark.usefixtures("hasty")
def test_no_server_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = probe.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(Unreachable, match="CLINSYNTH_DATA") as raised:
        sources.locate(remote(f"http://127.0.0.1:{closed}/train.tsv"), data=tmp_path)
    assert time.monotonic() - began < 5
    assert str(tmp_path / "corpus" / "train.tsv") in str(raised.value)
    assert files(tmp_path) == []


def test_not_found_is_not_tried_again(tmp_path: Path, served: Served) -> None:
    served.answers = [(404, b"nothing here")]
    with pytest.raises(Unreachable, match="HTTP status 404"):
        sources.locate(remote(served.url), data=tmp_path)
    assert len(served.asked) == 1
    assert files(tmp_path) == []


def test_a_server_that_stumbles_is_asked_again(tmp_path: Path, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.time, "sleep", lambda seconds: None)
    served.answers = [(503, b"busy"), (503, b"busy"), (200, CONTENT)]
    assert sources.locate(remote(served.url), data=tmp_path).read_bytes() == CONTENT
    assert len(served.asked) == 3


@pytest.mark.usefixtures("hasty")
def test_a_download_that_breaks_off_leaves_nothing(tmp_path: Path, served: Served) -> None:
    served.answers, served.cut = [(200, CONTENT)], 5
    with pytest.raises(Unreachable, match="cannot be downloaded"):
        sources.locate(remote(served.url), data=tmp_path)
    assert files(tmp_path) == []


def test_a_file_without_sha256_is_downloaded_unchecked(tmp_path: Path, served: Served) -> None:
    served.answers = [(200, b"whatever")]
    file = FileConfig(path="train.tsv", url=served.url)
    assert sources.locate(file, data=tmp_path).read_bytes() == b"whatever"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("assets:sample_ner/train.tsv", Path(clinsynth.__file__).parent / "assets/sample_ner/train.tsv"),
        ("corpus/train.tsv", Path("below/corpus/train.tsv")),
        ("/gold/train.tsv", Path("/gold/train.tsv")),
        ("~/train.tsv", Path.home() / "train.tsv"),
    ],
)
def test_where_paths_lead(path: str, expected: Path) -> None:
    assert sources.resolve(path, below=Path("below")) == expected
