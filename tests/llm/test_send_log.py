"""What was sent where is written down before it is sent, in a chain that shows what was done to it later."""

from __future__ import annotations

import json
import resource
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clinsynth.llm import send_log
from clinsynth.llm.send_log import SendLog
from clinsynth.types import Request
from support import Command, MockServer

PRIVATE = ("dataset=terms", "dataset.units=terms.txt", "dataset.entity_type=Disease", "annotator=llm", "size=n2")


def request(text: str) -> Request:
    return Request(f"d/p/{text}#0", ({"role": "user", "content": text},), gold_characters=2)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / send_log.FILE
    for text in ("gout", "asthma", "scurvy"):
        SendLog(path).note([request(text)], to="http://127.0.0.1:1/v1", model="m")
    return path


def test_a_log_holds_no_text(log: Path) -> None:
    rows = [entry for _, entry, _ in send_log.entries(log)]
    assert [(row.characters, row.gold, row.model) for row in rows if row] == [(4, 2, "m"), (6, 2, "m"), (6, 2, "m")]
    assert "gout" not in log.read_text(encoding="utf-8")
    assert send_log.faults(log) == []


def test_what_is_done_to_it_is_seen(log: Path) -> None:
    lines = log.read_text(encoding="utf-8").splitlines(keepends=True)
    last = json.loads(lines[-1])["sha256"]

    def seen(*changed: str) -> list[str]:
        log.write_text("".join(changed), encoding="utf-8")
        return send_log.faults(log, known=[last])

    assert seen(*lines) == []
    assert seen(lines[0].replace('"gold": 2', '"gold": 0'), *lines[1:]) == ["line 1 was changed"]
    assert seen(lines[0], lines[2]) == ["a line before line 2 was changed, left out or put in"]
    assert seen(lines[1], lines[0], lines[2])[0] == "a line before line 1 was changed, left out or put in"
    assert seen(*lines[:2]) == ["lines are cut off: 1 runs of MLflow name a line that is gone"]
    assert seen(lines[0], "no json\n", *lines[1:])[0] == "line 2 is no entry"


def test_a_line_torn_by_a_kill_is_one_fault_and_the_chain_goes_on(log: Path) -> None:
    with log.open("ab") as file:
        file.write(b'{"time": "2026')
    SendLog(log).note([request("measles")], to="here", model="m")
    assert send_log.faults(log) == ["line 4 is no entry"]
    assert [entry.characters for _, entry, _ in send_log.entries(log) if entry] == [4, 6, 6, 7]


def test_a_full_disk_leaves_no_piece_of_a_line(log: Path) -> None:
    whole = log.read_bytes()
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 20, limit[1]))
    try:
        with pytest.raises(OSError, match="large"):
            SendLog(log).note([request("measles")], to="here", model="m")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    assert log.read_bytes() == whole


def test_writers_side_by_side_write_one_chain(tmp_path: Path) -> None:
    path = tmp_path / send_log.FILE

    def write(number: int) -> None:
        own = SendLog(path)
        for place in range(20):
            own.note([request(f"{number} {place}"), request("again")], to="here", model="m")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(list(send_log.entries(path))) == 160
    assert send_log.faults(path) == []


def test_each_request_that_reaches_the_server_has_a_line(
    clinsynth: Command, with_store: Path, server: MockServer
) -> None:
    (with_store / "terms.txt").write_text("gout\nscurvy\n", encoding="utf-8")
    live = ("llm=local", "llm.model=m", f"llm.base_url={server.url}", "llm.api_key_env=null")
    refused = clinsynth("generate", *PRIVATE, *live)
    assert refused.status == 2
    assert not Path("artifacts", send_log.FILE).exists()
    server.behave(faults=["500"])
    assert clinsynth("generate", *PRIVATE, *live, "generation.send_gold_text=true").status == 0
    rows = [entry for _, entry, _ in send_log.entries(Path("artifacts", send_log.FILE))]
    assert len(rows) == server.asked()["requests"]
    said = clinsynth("cache", "action=audit")
    assert (said.status, said.err) == (0, "")
    assert server.url in said.out
    assert "is whole" in said.out
    path = Path("artifacts", send_log.FILE)
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:-1]), encoding="utf-8")
    said = clinsynth("cache", "action=audit")
    assert said.status == 2
    assert "lines are cut off: 1 runs of MLflow name a line that is gone" in " ".join(said.err.split())


def test_without_a_log_nothing_was_sent(clinsynth: Command, with_store: Path) -> None:
    said = clinsynth("cache", "action=audit")
    assert (said.status, "nothing was sent to an LLM" in " ".join(said.err.split())) == (2, True)
