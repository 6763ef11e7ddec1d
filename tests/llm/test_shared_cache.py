"""A cache on a server: many processes, one that is restarted, one that is moved to and from."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from clinsynth import keys
from clinsynth.environment import network_file_system
from clinsynth.errors import BudgetExceeded, ConfigError
from clinsynth.llm import claims, moving
from clinsynth.llm.cache import TABLES, CompletionCache
from clinsynth.llm.checks import faults
from clinsynth.llm.databases import Address, cache_place, patience, place_named
from clinsynth.llm.servers.base import NoAnswer, ServerAnswer, Usage
from clinsynth.types import Request
from postgres import Postgres
from support import Command, MockServer

REQUESTS = [Request(f"d/sentences/u{number}#0", ({"role": "user", "content": f"{number}"},)) for number in range(40)]
KEYS = [keys.request(found, model="m", sampling={}) for found in REQUESTS]


@pytest.fixture
def address(postgres: Postgres) -> Address:
    return Address(postgres.new())


def put(cache: CompletionCache, number: int, text: str = "1. Gout.") -> None:
    answer = ServerAnswer(text, "stop", "m-0613", Usage(10, 20, 5), "req-1")
    cache.put(KEYS[number], REQUESTS[number], answer, model="m", sampling={}, asked_at=1.5, cost_usd=0.1)


@pytest.mark.postgres
def test_each_request_is_asked_by_one_of_many(address: Address) -> None:
    asked: Counter[str] = Counter()
    begin = threading.Barrier(6)

    def ask(shift: int) -> None:
        with closing(CompletionCache(address)) as cache:
            begin.wait()
            for number in (*range(len(KEYS)), *range(shift, len(KEYS))):
                if cache.claim(KEYS[number]):
                    asked[KEYS[number]] += 1
                    put(cache, number)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(6)))
    assert asked == Counter(KEYS)


@pytest.mark.postgres
def test_a_cap_holds_however_many_claim_at_once(address: Address) -> None:
    begin = threading.Barrier(4)

    def claim(part: int) -> int:
        with closing(CompletionCache(address)) as cache:
            begin.wait()
            try:
                return sum(cache.claim(key, usd=1.0, most_usd=7.0) for key in KEYS[part::4])
            except BudgetExceeded:
                return len([key for key in KEYS[part::4] if key in held(address, cache.owner)])

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(claim, range(4))) == 7


def held(address: Address, owner: str) -> set[str]:
    """The keys that a process has claimed."""
    with closing(CompletionCache(address)) as cache:
        return {
            key for (key,) in cache._database.execute("SELECT key FROM claims WHERE owner = ?", (owner,)).fetchall()
        }


@pytest.mark.postgres
def test_a_server_that_starts_anew_loses_nothing(
    postgres: Postgres, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(CompletionCache(address)) as cache, closing(CompletionCache(address)) as other:
        assert cache.claim(KEYS[0])
        assert other.claim(KEYS[1])
        assert not cache.claim(KEYS[1])  # from now on it watches
        postgres.stop()
        again = threading.Timer(0.5, postgres.start)
        again.start()
        monkeypatch.setattr(claims, "STALE", 0.3)  # less than it was away for
        put(cache, 0)
        again.join()
        assert not cache.claim(KEYS[1])
        assert set(other.get(KEYS)) == {KEYS[0]}
        put(other, 1)
        assert len(list(cache.rows())) == 2


@pytest.mark.postgres
def test_a_connection_that_is_cut_within_a_transaction_undoes_it(postgres: Postgres, address: Address) -> None:
    with closing(CompletionCache(address)) as cache, closing(CompletionCache(address)) as other:
        took, cut = cache._claims.beat, []

        def beat(**how: Any) -> None:
            if not cut:
                query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()"
                cut.append(other._database.execute(f"{query} AND datname = current_database()").fetchall())
                time.sleep(0.1)
            took(**how)

        cache._claims.beat = beat  # type: ignore[method-assign]
        assert cache.claim(KEYS[0], usd=1.0, most_usd=1.5)
        assert cut
        assert other.spent() == 1.0


@pytest.mark.postgres
def test_a_server_that_stays_away_is_said_without_its_password(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.3)
    url = postgres.new().replace("me@", "me:hunter22@")
    with closing(CompletionCache(Address(url))) as cache:
        postgres.stop()
        try:
            with pytest.raises(ConfigError, match="has gone away") as raised:
                cache.claim(KEYS[0])
            with pytest.raises(ConfigError, match="cannot be opened") as unopened:
                CompletionCache(Address(url))
        finally:
            postgres.start()
    assert "hunter22" not in f"{raised.value} {unopened.value} {cache.path!r} {cache.path}"


@pytest.fixture
def full(tmp_path: Path) -> Iterator[CompletionCache]:
    """A cache with something in every table."""
    with closing(CompletionCache(tmp_path / "completions.db")) as cache:
        for number in range(12):
            put(cache, number)
        cache.note_no_answer(KEYS[20], REQUESTS[20], NoAnswer("refusal", "No.\0"), model="m", cost_usd=0.25)
        cache.forget(list(cache.table("completions"))[:3], table="completions")
        cache.note_batch("b", KEYS[30:32], server="s", usd=0.5)
        cache.note_learnt("s", "m", {"left_out": ["seed"]})
        yield cache


@pytest.mark.postgres
def test_all_is_moved_there_and_back(full: CompletionCache, address: Address, tmp_path: Path) -> None:
    with closing(CompletionCache(address)) as served, closing(CompletionCache(tmp_path / "back.db")) as back:
        assert moving.move(full, served) == moving.Moved(15, 0, 0)
        assert moving.move(served, back).taken == 15
        for table in TABLES:
            rows = [served.held(row) for row in full.table(table)]
            assert rows
            assert list(served.table(table)) == list(back.table(table)) == rows
        assert served.spent() == back.spent() == full.spent()
        assert served.learnt("s", "m", since=0) == {"left_out": ["seed"]}
        put(full, 13)
        assert moving.move(full, served) == moving.Moved(1, 15, 0)
    assert faults(address) == []


@pytest.mark.postgres
def test_what_was_answered_in_both_stays_on_the_bill(full: CompletionCache, address: Address) -> None:
    with closing(CompletionCache(address)) as served:
        put(served, 5, "1. Another.")
        for _ in range(2):  # the second time it is on the bill already
            assert moving.move(full, served).twice == 1
            assert served.get([KEYS[5]])[KEYS[5]][0].text == "1. Another."
            assert served.spent() == pytest.approx(full.spent() + 0.1)


@pytest.mark.postgres
def test_text_that_no_server_can_hold_is_kept_as_near_as_may_be(address: Address) -> None:
    with closing(CompletionCache(address)) as cache:
        put(cache, 0, "1. A\0B.")
        assert cache.get(KEYS)[KEYS[0]][0].text == "1. A\ufffdB."
    assert faults(address) == []


@pytest.mark.postgres
def test_a_row_that_was_changed_on_a_server_is_found_out(address: Address) -> None:
    with closing(CompletionCache(address)) as cache:
        put(cache, 0)
        cache._database.execute("UPDATE completions SET completion = '1. Lupus.'")
    assert faults(address) == ["row 1: its answer is not the one that was stored"]


@pytest.mark.postgres
def test_commands_share_a_cache(
    clinsynth: Command,
    with_store: Path,
    server: MockServer,
    postgres: Postgres,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Generated on one place, moved, found by the next command, and no file has the password."""
    live = ("llm=local", "llm.model=m", f"llm.base_url={server.url}", "size=n5", "units.max=3")
    url = postgres.new().replace("me@", "me:hunter22@")
    assert clinsynth("generate", *live).status == 0
    asked = server.asked()["answered"]
    monkeypatch.setenv("SHARED", url)
    moved = clinsynth("cache", "action=move", "from=artifacts/completions.db", "to=${oc.env:SHARED}")
    assert moved.status == 0, moved.err
    assert "all of them are equal" in " ".join(moved.out.split())
    Path("artifacts/completions.db").unlink()
    again = clinsynth("generate", *live, "llm.cache=${oc.env:SHARED}")
    assert again.status == 0, again.err
    assert server.asked()["answered"] == asked
    monkeypatch.setenv("CLINSYNTH_CACHE", url)
    for words in (["cache", "action=verify"], ["cache", "action=stats"], ["doctor"], ["store", "action=check"]):
        said = clinsynth(*words)
        assert said.status == 0, said.err
        assert "hunter22" not in said.out + said.err
    assert not Path("artifacts/completions.db").exists()
    left = [path for path in with_store.rglob("*") if path.is_file() and b"hunter22" in path.read_bytes()]
    assert left == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["generate", "llm=local", "llm.model=m", "llm.cache=postgresql://me:hunter22@h/d"], "holds a password"),
        (["cache", "action=move", "to=postgresql://me:hunter22@h/d"], "holds a password"),
        (["cache", "from=mysql://me@h/d"], "the cache of completions cannot be at mysql"),
        (["cache", "from='postgresql://me@h/d?password=hunter22'"], "holds a password"),
    ],
)
def test_places_that_cannot_be_are_said(clinsynth: Command, with_store: Path, words: list[str], said: str) -> None:
    found = clinsynth(*words)
    assert found.status == 2
    assert said in " ".join(found.err.split())
    assert "hunter22" not in found.err


def test_the_nearest_word_says_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path("artifacts")
    assert cache_place(folder) == folder / "completions.db"
    monkeypatch.setenv("CLINSYNTH_CACHE", "postgresql+psycopg://h/d")
    assert cache_place(folder) == Address("postgresql://h/d")
    assert cache_place(folder, "other.db") == place_named("other.db") == Path("other.db")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/me/a.db", "nfs4"),
        ("/home/a.db", None),
        ("/scratch/x", "lustre"),
        ("/shared data/x", "cifs"),
        ("/", None),
    ],
)
def test_network_file_systems_are_told(tmp_path: Path, path: str, kind: str | None) -> None:
    mounts = tmp_path / "mounts"
    lines = ["/dev/sda / ext4 rw 0 0", "h:/me /home/me nfs4 rw 0 0", "h /scratch lustre rw 0 0"]
    mounts.write_text("\n".join([*lines, r"//h/s /shared\040data cifs rw 0 0", "proc /proc proc rw 0 0"]))
    assert network_file_system(Path(path), mounts=mounts) == kind
