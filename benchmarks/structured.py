"""How many answers about mentions are of no use: asked for as lines, as JSON in words, and as JSON with a schema.

    python benchmarks/structured.py

A server of the tests answers the prompt `mentions` with the recorded mentions of recorded sentences, and strays as
small models do: it leaves out lines, numbers anew, talks before and after, forgets brackets and commas, is cut. Held to
a schema it can only leave out sentences and make mentions up. How often it strays is a guess, the same for all three;
what is measured is what the readers make of it.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from clinsynth.asking import clients  # noqa: E402
from clinsynth.config import LLMConfig, Structured  # noqa: E402
from clinsynth.errors import DataFormatError  # noqa: E402
from clinsynth.llm.cache import CompletionCache  # noqa: E402
from clinsynth.tasks.ner.mention_lists import place_listed, read_mentions  # noqa: E402
from clinsynth.text.schemas import mentions  # noqa: E402
from clinsynth.text.words import tokenise  # noqa: E402
from clinsynth.types import Completion, Request  # noqa: E402
from standins import Asked, Reply, StandIn, chat, openai_error  # noqa: E402

RECORDINGS = ROOT / "src" / "clinsynth" / "assets" / "recordings"
OFTEN, SELDOM = 0.25, 0.1
"""Shares of the answers that stray in a harmless way, and in one that costs something."""
PROMPT = (
    "For each numbered sentence below, list every disease mention exactly as it is written in the sentence, in order, "
    'separated by " | ", or write "none".\n'
)


def sentences() -> dict[str, tuple[list[str], list[list[str]]]]:
    """By unit its recorded sentences and the mentions in each."""
    rows = [json.loads(line) for name in ("sentences", "mentions") for line in _lines(f"ncbi_disease.{name}.jsonl")]
    by_id = {row["id"]: row["completion"] for row in rows}
    found = {}
    for id, text in by_id.items():
        if "/sentences/" in id:
            listed = by_id[id.replace("/sentences/", "/mentions/")]
            found[id.split("/")[2].removesuffix("#0")] = (_items(text), [_names(line) for line in _items(listed)])
    return found


def _lines(name: str) -> list[str]:
    return (RECORDINGS / name).read_text(encoding="utf-8").splitlines()


def _items(text: str) -> list[str]:
    return [re.sub(r"^\d+\.\s*", "", line) for line in text.split("\n") if line.strip()]


def _names(line: str) -> list[str]:
    return [] if line.strip() == "none" else [name.strip() for name in line.split("|")]


class SmallModel:
    """Answers about the unit that a prompt names, and strays."""

    def __init__(self, known: dict[str, tuple[list[str], list[list[str]]]]) -> None:
        self.known = known

    def __call__(self, asked: Asked) -> str:
        unit = re.search(r"about (.+)\.$", asked.prompt.split("\n")[0])
        assert unit is not None
        _, listed = self.known[unit[1]]
        draw = random.Random(f"{unit[1]} {asked.body.get('seed')}")
        rows = [(number, list(names)) for number, names in enumerate(listed, 1)]
        if draw.random() < OFTEN:
            del rows[draw.randrange(len(rows))]
        if draw.random() < SELDOM:
            rows[draw.randrange(len(rows))][1].append("a disease that is not there")
        if "JSON" not in asked.prompt:
            return self._as_lines(rows, draw)
        text = json.dumps({"sentences": [{"number": number, "mentions": names} for number, names in rows]})
        return text if asked.body.get("response_format") else self._broken(text, draw)

    def _as_lines(self, rows: list[tuple[int, list[str]]], draw: random.Random) -> str:
        anew, bare = draw.random() < SELDOM, draw.random() < SELDOM
        sign = ", " if draw.random() < OFTEN else " | "
        lines = []
        for place, (number, names) in enumerate(rows, 1):
            if not names and draw.random() < SELDOM:
                continue
            mark = "" if bare else f"{place if anew else number}. "
            lines.append(f"{mark}{sign.join(names) or 'none'}")
        if draw.random() < SELDOM:  # two at once
            at = draw.randrange(1, len(lines))
            lines[at - 1 : at + 1] = [f"{lines[at - 1]} {lines[at]}"]
        return self._talk("\n".join(lines), draw)

    def _broken(self, text: str, draw: random.Random) -> str:
        if draw.random() < OFTEN:
            text = text.replace("]}, {", "],}, {")
        if draw.random() < SELDOM:
            text = text[: draw.randrange(len(text) // 2, len(text))]
        elif draw.random() < SELDOM:
            text = text.rstrip("]}")
        if draw.random() < SELDOM:
            text = text.replace('"', "'")
        return self._talk(f"```json\n{text}\n```" if draw.random() < OFTEN else text, draw)

    def _talk(self, text: str, draw: random.Random) -> str:
        text = f"Sure! Here are the disease mentions:\n\n{text}" if draw.random() < OFTEN else text
        return f"{text}\n\nLet me know if you need anything else!" if draw.random() < OFTEN else text


def requests(known: dict[str, tuple[list[str], list[list[str]]]], *, form: bool) -> list[Request]:
    asked = []
    for unit, (texts, _) in known.items():
        numbered = "\n".join(f"{number}. {text}" for number, text in enumerate(texts, 1))
        content = f"These sentences are about {unit}.\n{PROMPT}{numbered}"
        request = Request(f"d/mentions/{unit}#0", ({"role": "user", "content": content},), {"labels": unit})
        asked.append(mentions().asked(request) if form else request)
    return asked


def shares(server: StandIn, known: dict[str, tuple[list[str], list[list[str]]]], *, form: bool) -> tuple[float, float]:
    """Shares of the answers that cannot be read at all, and of the sentences that are left without labels."""
    config = LLMConfig(name="local", model="m", base_url=server.url, seed=1, concurrency=8, structured=Structured.auto)
    asked = requests(known, form=form)
    with tempfile.TemporaryDirectory() as folder:
        cache = CompletionCache(Path(folder) / "completions.db")
        clients.client(config, cache=cache).answer(asked)
        found = {row["id"].split("/")[2].removesuffix("#0"): row["completion"] for row in cache.rows()}
        cache.close()
    unread = lost = total = 0
    for unit, (texts, _) in known.items():
        total += len(texts)
        answer = Completion(f"d/mentions/{unit}#0", "m", found.get(unit, ""), "stop")
        try:
            listed = read_mentions(answer, sentences=len(texts))
        except DataFormatError:
            unread += 1
            lost += len(texts)
            continue
        for text, parts in zip(texts, listed, strict=True):
            lost += parts is None or place_listed(parts, tokens=tokenise(text), types={"disease"})[0] is None
    return unread / len(known), lost / total


def main() -> int:
    known = sentences()
    model = SmallModel(known)

    def no_schemas(asked: Asked) -> Reply | None:
        if "response_format" in asked.body:
            return openai_error(400, "'response_format' is not supported by this model.")
        return None

    print(f"{len(known)} answers about {sum(len(texts) for texts, _ in known.values())} sentences each way")
    print("| asked for | unusable answers | sentences without labels |\n|---|---|---|")
    with StandIn(chat, says=model) as server, StandIn(chat, no_schemas, says=model) as simple:
        for name, asked, form in (
            ("as lines", server, False),
            ("as JSON, in words", simple, True),
            ("as JSON, by schema", server, True),
        ):
            unread, lost = shares(asked, known, form=form)
            print(f"| {name} | {100 * unread:.1f}% | {100 * lost:.1f}% |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
