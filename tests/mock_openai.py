"""A server that speaks OpenAI's protocol, counts what it is asked, and misbehaves as it is told.

`python tests/mock_openai.py` prints its port. `POST /behave` with a JSON object sets attributes of
`Behaviour`; `GET /asked` tells what was asked, `GET /bodies` all of it that was answered; `POST
/reset` forgets both, and names the path below which it answers from then on. It writes sentences
about the words in the prompt, or lists them as mentions, so that whole corpora can be made with it.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
import zlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Behaviour:
    latency: float = 0.0
    faults: list[str] = field(default_factory=list)
    """What happens to the next requests, one by one; "" is an answer."""
    bodies: list[str] = field(default_factory=list)
    """Sent as they are, with status 200, in answer to the next requests."""
    about: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Status and body that answer all requests which hold a word."""
    always: str = ""
    """What happens to all others."""
    share_429: float = 0.0
    """Share of requests that are refused, spread evenly."""
    retry_after: str | None = None
    down_until: float = 0.0
    """Connections are closed before this time (seconds since 1970)."""
    yield_of: float = 1.0
    """Share of the sentences asked for that contain their words."""
    rounds: bool = True
    """Whether a request that comes again is answered otherwise."""
    batch_polls: int = 1
    """How often a batch is still at work when it is looked at."""
    batch_fails: list[int] = field(default_factory=list)
    """Rows of the next batch that get an error."""
    batch_rows: dict[str, Any] = field(default_factory=dict)
    """Responses to rows of batches that hold a word: status and body, or None where the row is left out."""
    batch_end: str = "completed"
    key: str | None = None
    """Any other key is refused."""
    proposals: int | None = None
    """How many prompts are proposed; None is as many as are asked for."""
    verdict: str | None = None
    """What a judge says; None is the set that sounds better."""


@dataclass
class Asked:
    requests: int = 0
    answered: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    bodies: Counter[str] = field(default_factory=Counter)
    """Answered bodies, and how often."""
    busy: int = 0
    most_at_once: int = 0
    keys: Counter[str] = field(default_factory=Counter)
    batches: int = 0
    batched: int = 0
    cancelled: int = 0


class Server:
    def __init__(self) -> None:
        self.reset()

    def reset(self, place: str = "") -> None:
        """Begin anew, as another process would; what is asked elsewhere than below `place` has no answer."""
        self.place = place
        self.behaviour, self.asked = Behaviour(), Asked()
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin1")
                length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length[1])) if length else b""
                if not await self.handle(head, body, writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def handle(self, head: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection is kept."""
        path = head.split(" ", 2)[1]
        if path == "/reset":
            self.reset(json.loads(body))
            return await self.reply(writer, {"ok": True})
        if path == "/behave":
            vars(self.behaviour).update(json.loads(body))
            return await self.reply(writer, {"ok": True})
        if path == "/asked":
            told = {name: value for name, value in vars(self.asked).items() if name != "bodies"}
            return await self.reply(writer, told | {"different": len(self.asked.bodies)})
        if path == "/bodies":
            return await self.reply(writer, list(self.asked.bodies.elements()))
        if time.time() < self.behaviour.down_until or not path.startswith(f"{self.place}/"):
            return False
        path = path.removeprefix(self.place)
        if path.startswith(("/v1/files", "/v1/batches")):
            return await self.batch(head, path, body, writer)
        asked = self.asked
        asked.busy += 1
        asked.most_at_once = max(asked.most_at_once, asked.busy)
        try:
            return await self.complete(head, body, writer)
        finally:
            asked.busy -= 1

    async def complete(self, head: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
        told, asked = self.behaviour, self.asked
        asked.requests += 1
        key = re.search(r"authorization: Bearer (\S+)", head, re.IGNORECASE)
        asked.keys[key[1] if key else ""] += 1
        for word, (status, content) in told.about.items():
            if word in body.decode():
                asked.statuses[str(status)] += 1
                return await self.send(writer, content.encode("utf-8", "surrogatepass"), status=status)
        if told.bodies:
            asked.answered += 1
            return await self.send(writer, told.bodies.pop(0).encode())
        fault = told.faults.pop(0) if told.faults else told.always
        if told.share_429 and int(asked.requests * told.share_429) > int((asked.requests - 1) * told.share_429):
            fault = "429"
        if told.key is not None and (key is None or key[1] != told.key):
            fault = "401"
        if fault.isdecimal():
            asked.statuses[fault] += 1
            extra = {"Retry-After": told.retry_after} if told.retry_after and fault == "429" else {}
            message = {"message": f"told to say {fault} to {key[1] if key else 'nobody'}", "code": None}
            return await self.reply(writer, {"error": message}, status=int(fault), headers=extra)
        if fault == "drop":
            asked.statuses["drop"] += 1
            return False
        if fault == "hang":
            await asyncio.sleep(3600)
        await asyncio.sleep(told.latency)
        asked.answered += 1
        asked.statuses["200"] += 1
        asked.bodies[body.decode()] += 1
        answer = self.answer(json.loads(body), fault, time_asked=asked.bodies[body.decode()] if told.rounds else 1)
        if fault == "garbled":
            return await self.send(writer, b'{"choices": [')
        if fault == "not utf-8":
            return await self.send(writer, json.dumps(answer).encode().replace(b"seen", b"s\xe9\xe9n"))
        if fault == "no choices":
            return await self.reply(writer, {"object": "something else"})
        return await self.reply(writer, answer, slowly=fault == "slow")

    async def batch(self, head: str, path: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """Files and batches; a batch is worked off when it is looked at for the last time."""
        parts = path.removeprefix("/v1/").split("/")
        if path == "/v1/files":
            boundary = re.search(r"boundary=(\S+)", head)
            assert boundary is not None
            name = f"file-{len(self.files)}"
            part = next(p for p in body.split(b"--" + boundary[1].encode()) if b'name="file"' in p)
            self.files[name] = part.split(b"\r\n\r\n", 1)[1].rstrip(b"\r\n")
            return await self.reply(
                writer,
                {
                    "id": name,
                    "object": "file",
                    "bytes": 1,
                    "created_at": 0,
                    "filename": "f",
                    "purpose": "batch",
                    "status": "processed",
                },
            )
        if parts[0] == "files":
            return await self.send(writer, self.files[parts[1]])
        if path == "/v1/batches":
            name, told = f"batch-{len(self.batches)}", json.loads(body)
            self.asked.batches += 1
            self.asked.batched += self.files[told["input_file_id"]].count(b"custom_id")
            self.batches[name] = {
                "id": name,
                "object": "batch",
                "created_at": 0,
                "status": "in_progress",
                "polls": 0,
            } | told
            return await self.reply(writer, self.batches[name])
        if parts[1] not in self.batches:
            return await self.reply(writer, {"error": {"message": "no such batch"}}, status=404)
        found = self.batches[parts[1]]
        if parts[-1] == "cancel":
            found["status"] = "cancelled"
            self.asked.cancelled += 1
        elif found["status"] == "in_progress":
            found["polls"] += 1
            if found["polls"] > self.behaviour.batch_polls:
                self.work_off(found)
        return await self.reply(writer, found)

    def work_off(self, batch: dict[str, Any]) -> None:
        batch["status"] = self.behaviour.batch_end
        if batch["status"] == "failed":
            batch["errors"] = {"object": "list", "data": [{"message": "the file is too odd"}]}
            return
        right, wrong = [], []
        for place, line in enumerate(self.files[batch["input_file_id"]].decode().split("\n")):
            row = json.loads(line)
            told = {"custom_id": row["custom_id"], "id": f"r{place}"}
            told_of = [reply for word, reply in self.behaviour.batch_rows.items() if word in line]
            if told_of:
                if told_of[0] is None:
                    continue
                status, body = told_of[0]
                (right if status == 200 else wrong).append(
                    told | {"response": {"status_code": status, "request_id": "q", "body": body}, "error": None}
                )
            elif place in self.behaviour.batch_fails:
                wrong.append(
                    told | {"response": {"status_code": 500, "body": {"message": "an odd row"}}, "error": None}
                )
            else:
                body = self.answer(row["body"], "", time_asked=1)
                right.append(told | {"response": {"status_code": 200, "request_id": "q", "body": body}, "error": None})
        self.behaviour.batch_fails = []
        for kind, rows in (("output_file_id", right), ("error_file_id", wrong)):
            if rows:
                batch[kind] = f"file-{len(self.files)}"
                self.files[batch[kind]] = "\n".join(map(json.dumps, rows)).encode()

    def answer(self, body: dict[str, Any], fault: str, *, time_asked: int) -> dict[str, Any]:
        asked = [message["content"] for message in body["messages"] if message["role"] == "user"]
        prompt = next(said for said in reversed(asked) if not said.startswith(("Check your answer", "Now give the")))
        told = self.behaviour
        text = (
            proposed(prompt, most=told.proposals, time_asked=time_asked)
            or judged(prompt, verdict=told.verdict)
            or scored(prompt)
            or conversed(prompt)
            or labelled(prompt)
        )
        if not text:
            text = written(prompt, share=told.yield_of, time_asked=time_asked)
        text = "" if fault == "empty" else text
        message: dict[str, Any] = {"role": "assistant", "content": text}
        finish = "stop"
        if fault == "refusal":
            message |= {"content": None, "refusal": "I cannot help with that."}
        if fault == "length":
            message["content"], finish = text[: len(text) * 2 // 3], "length"
        usage = {"prompt_tokens": len(prompt) // 5, "completion_tokens": len(text) // 5}
        return {
            "id": f"chatcmpl-{self.asked.requests}",
            "object": "chat.completion",
            "created": 0,
            "model": f"{body['model']}-0613",
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": usage | {"prompt_tokens_details": {"cached_tokens": 0}},
        }

    async def reply(
        self,
        writer: asyncio.StreamWriter,
        content: Any,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        slowly: bool = False,
    ) -> bool:
        return await self.send(writer, json.dumps(content).encode(), status=status, headers=headers, slowly=slowly)

    async def send(
        self,
        writer: asyncio.StreamWriter,
        content: bytes,
        *,
        status: int = 200,
        headers: dict[str, str] | None = None,
        slowly: bool = False,
    ) -> bool:
        lines = [f"HTTP/1.1 {status} Told", "Content-Type: application/json", f"Content-Length: {len(content)}"]
        lines += [f"x-request-id: req-{self.asked.requests}", *(f"{k}: {v}" for k, v in (headers or {}).items())]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        pieces = [content[start : start + 50] for start in range(0, len(content), 50)] if slowly else [content]
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            if slowly:
                await asyncio.sleep(0.01)
        return True


def proposed(prompt: str, *, most: int | None, time_asked: int) -> str | None:
    """What the LLM says where it is asked for prompts: in the words of the usual ones, so that it understands them."""
    asked = re.match(r"Please write (\d+) (?:concise prompts|variations)", prompt)
    if not asked:
        return None
    heart = 'provide {n} sentences containing the words "{entity}". '
    if "{examples}" in prompt:
        heart = "Generate {n} positive and {n} negative examples about @GENE$ and @DISEASE$. {examples}"
    elif "{content}" in prompt:
        heart = "Generate {n} examples of sentences, a line each, that {content}"
    style = zlib.crc32(prompt.encode()) % 1000 + 1000 * time_asked
    number = min(int(asked[1]), most or 1000)
    lines = [f"{place}. In style {style + place}, please {heart}" for place in range(1, number + 1)]
    return "Sure! Here are the prompts:\n\n" + "\n".join(lines)


def judged(prompt: str, *, verdict: str | None) -> str | None:
    """What the LLM says of two sets: one of them has the larger checksum, whichever comes first."""
    sets = re.search(r"Set A:\n(.*)\nSet B:\n(.*)\nAnswer", prompt, re.DOTALL)
    if not sets:
        return None
    first, second = (zlib.crc32(found.encode()) for found in sets.groups())
    return verdict or ("Verdict: A" if first > second else "Verdict: B")


def scored(prompt: str) -> str | None:
    """What the LLM says of numbered answers: it loves brevity."""
    if "Score each of the answers" not in prompt:
        return None
    parts = re.split(r"^Answer (\d+):\n", prompt.rpartition("\nGive one line")[0], flags=re.MULTILINE)[1:]
    lines = [f"Answer {n}: {max(1, 100 - len(text.strip()))}" for n, text in zip(parts[::2], parts[1::2], strict=True)]
    return "\n".join(lines)


def conversed(prompt: str) -> str | None:
    """What the LLM says where it talks with itself, in one go or turn by turn."""
    role = re.search(r"^Write the next turn, that of \[(Human|AI)\]", prompt, re.MULTILINE)
    if role:
        said = prompt.count("\n[Human] ")
        if role[1] == "AI":
            return f"[AI] There is much to say of it, and this is answer {said} of those who stand in for a doctor."
        return "[END]" if "a vaccine work" in prompt else f"And what follows of answer {said}?"
    asked = re.search(r"It grows out of this question:\n(.*)\n", prompt)
    if not asked:
        return None
    return (
        f"[Human] {asked[1]}\n[AI] That is a good question about {asked[1].lower()} There is much to say of it.\n"
        "[Human] And what follows?\n[AI] Ask somebody who has learnt it, for I only stand in for them."
    )


def labelled(prompt: str) -> str | None:
    """What the LLM says of a test example."""
    asked = re.match(r'Please do NER task for "(.*)" \(output IOB', prompt, re.DOTALL)
    if asked:
        words = asked[1].split(" ")
        return "\n".join(f"{word}\t{'B-Disease' if word.endswith(('ia', 'oma', 'itis')) else 'O'}" for word in words)
    if prompt.startswith("Given a sentence that introduces"):
        return "No." if "not" in prompt.rpartition("\n")[2] else "Yes."
    return "A1; B4" if prompt.startswith("Which of these criteria") else None


def written(prompt: str, *, share: float, time_asked: int) -> str:
    """What the LLM says to the prompts `sentences`, `negatives`, `hard_negatives`, `examples` and `mentions`."""
    bare = re.search(r"mention NO .* (\d+) distinct sentences", prompt)
    if bare:
        return "\n".join(
            f"{n}. In run {time_asked} plate {n} of {bare[1]} was kept cold." for n in range(1, int(bare[1]) + 1)
        )
    if "contains the term of the same number" in prompt:
        terms = re.findall(r"^(\d+)\. (.+)$", prompt, re.MULTILINE)
        kept = round(share * len(terms))
        return "\n".join(
            f"{n}. In run {time_asked} plate {n} showed {term if int(n) <= kept else 'naught'} at dawn."
            for n, term in terms
        )
    wanted = re.search(r'provide (\d+) sentences containing the words "(.*?)"\.', prompt)
    if wanted:
        number, words = int(wanted[1]), wanted[2]
        style = re.match(r"In (style \d+)", prompt)
        when = style[1] if style else f"round {time_asked}"
        lines = []
        for place in range(1, number + 1):
            subject = words if place <= round(share * number) else "nothing of the kind"
            lines.append(
                f"{place}. In visit {place} of {number} there was {subject} seen by {place * 7} observers of {when}."
            )
        return "\n".join(lines)
    asked = re.search(r"Generate (\d+) positive and (\d+) negative examples", prompt)
    if asked:
        cohort = zlib.crc32(prompt.encode())
        return "\n".join(
            f"| In cohort {cohort}, round {time_asked}, variant {place} of @GENE$ {verb} @DISEASE$. | {label} |"
            for number, verb, label in ((asked[1], "raised", "Yes"), (asked[2], "spared", "No"))
            for place in range(1, int(number) + 1)
        )
    listed = re.search(r"Generate (\d+) examples of sentences", prompt)
    if listed:
        cohort = zlib.crc32(prompt.encode())
        return "\n".join(
            f"{place}. He did thing {place} of {cohort} all day long." for place in range(1, int(listed[1]) + 1)
        )
    shown = re.findall(r"^(\d+)\. In visit \d+ of \d+ there was (.*?) seen by", prompt, re.MULTILINE)
    return "\n".join(f"{number}. {words}" for number, words in shown) or "OK."


async def main() -> None:
    server = Server()
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=2048)
    print(listening.sockets[0].getsockname()[1], flush=True)
    async with listening:
        await listening.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        sys.exit(0)
