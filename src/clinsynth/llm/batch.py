"""The same answers for half the price and a day's patience: OpenAI's Batch API.

What is asked together is one file; the server works it off within 24 hours. The batch is noted
in the cache as soon as the server has taken it, so that a rerun finds it again and pays for nothing
twice. Answers and errors, one a row, go into the same cache as those of `client`.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Sequence
from typing import Any, Literal

import openai

from clinsynth.config import LLMConfig
from clinsynth.errors import BudgetExceeded, ClinsynthError, ConfigError
from clinsynth.llm import faults
from clinsynth.llm.budget import Spend
from clinsynth.llm.cache import CompletionCache, cache_key
from clinsynth.llm.client import NO_KEY, FollowUp, Watch, api_key, quieten, read_answer, sampling, started
from clinsynth.types import Completion, Request

ENDPOINT: Literal["/v1/chat/completions"] = "/v1/chat/completions"
ROWS = 50_000
"""OpenAI's limit for one batch."""

ENDED = ("completed", "failed", "expired", "cancelled")
ROUNDS = 3
"""How often a row that failed is submitted again in one session."""


class BatchClient:
    """Answers like `client.Client`, in rounds: what answers give rise to is the next batch."""

    def __init__(
        self,
        llm: LLMConfig,
        *,
        cache: CompletionCache,
        watch: Watch = lambda progress: None,
        spend: Spend | None = None,
    ) -> None:
        self.llm, self.cache, self.watch = llm, cache, watch
        self.price = llm.priced()
        self.sampling, self.model, self.key = sampling(llm), llm.model or "", api_key(llm)
        quieten()
        self.progress = started(llm, spend)
        self._server = openai.OpenAI(api_key=self.key or NO_KEY, base_url=llm.base_url, timeout=llm.timeout_s)
        self._failed: dict[str, str] = {}
        """Key to what the server said, of rows that had no answer."""

    def answer(self, requests: Sequence[Request], *, follow_up: FollowUp = lambda request, completion: ()) -> Spend:
        """Submit, wait, merge, until nothing is left to ask; Ctrl-C leaves the batch at work for a rerun."""
        waiting = {self._cache_key(request): request for request in requests}
        asked: set[str] = set()
        attempts = 0
        try:
            while waiting:
                self.progress.known = len(asked | set(waiting))
                answered = self._merged(waiting, asked)
                more = [new for key, done in answered.items() for new in follow_up(waiting[key], done)]
                self.progress.answered += len(answered)
                left = {key: request for key, request in waiting.items() if key not in answered}
                waiting = left | {self._cache_key(request): request for request in more}
                if answered or not left:
                    attempts = 0
                    continue
                attempts += 1
                if attempts > ROUNDS:
                    raise ConfigError(f"{len(left)} requests had no answer; the server says: {self._reason(left)}.")
                self._work_off(waiting, asked)
        except openai.APIError as error:
            raise faults.explained(error, llm=self.llm, key=self.key) from None
        finally:
            self._server.close()
        return self.progress.spend

    def _merged(self, waiting: dict[str, Request], asked: set[str]) -> dict[str, Completion]:
        """Those that the cache has by now."""
        found = self.cache.get(waiting)
        for key, (_, usage, usd) in found.items():
            if key in asked:
                self.progress.spend.paid(waiting[key], usage, usd)
            else:
                self.progress.spend.found(usage, usd)
        return {key: completion for key, (completion, _, _) in found.items()}

    def _work_off(self, waiting: dict[str, Request], asked: set[str]) -> None:
        """Wait for the batches that hold these requests; submit those that are in none."""
        open_batches = self.cache.batches(self.llm.server())
        held = {key for keys in open_batches.values() for key in keys}
        new = {key: request for key, request in waiting.items() if key not in held}
        self._afford(new)
        listed = list(new)
        for start in range(0, len(listed), ROWS):
            some = listed[start : start + ROWS]
            batch = self._submit({key: new[key] for key in some})
            self.cache.note_batch(batch, some, server=self.llm.server())
            open_batches[batch] = some
        asked |= set(waiting)
        for batch, keys in open_batches.items():
            if set(keys) & set(waiting):
                self._await(batch, {key: waiting[key] for key in keys if key in waiting})

    def _submit(self, requests: dict[str, Request]) -> str:
        lines = [
            json.dumps(
                {
                    "custom_id": key,
                    "method": "POST",
                    "url": ENDPOINT,
                    "body": {"model": self.model, "messages": list(request.messages)} | self.sampling,
                }
            )
            for key, request in requests.items()
        ]
        content = io.BytesIO("\n".join(lines).encode())
        file = self._server.files.create(file=("requests.jsonl", content), purpose="batch")
        batch = self._server.batches.create(input_file_id=file.id, endpoint=ENDPOINT, completion_window="24h")
        print(f"Submitted {len(requests)} requests as {batch.id}; a rerun finds it again.", flush=True)
        return batch.id

    def _await(self, batch: str, requests: dict[str, Request]) -> None:
        """Poll until it has ended, then store its answers and forget it."""
        while True:
            try:
                found = self._server.batches.retrieve(batch)
            except openai.NotFoundError:
                self.cache.forget_batch(batch)
                return
            if found.status in ENDED:
                break
            self.watch(self.progress)
            time.sleep(self.llm.poll_s)
        for file in (found.output_file_id, found.error_file_id):
            if file:
                self._store(self._server.files.content(file).content, requests)
        if found.status == "failed":
            reasons = [error.message or "" for error in (found.errors.data or [])] if found.errors else []
            self.cache.forget_batch(batch)
            said = faults.redacted("; ".join(reasons)[:300], self.key)
            raise ClinsynthError(f"the batch {batch} was refused: {said or 'no reason was given'}.")
        self.cache.forget_batch(batch)

    def _store(self, content: bytes, requests: dict[str, Request]) -> None:
        for line in content.decode("utf-8", errors="replace").split("\n"):
            if not line.strip():
                continue
            row: dict[str, Any] = json.loads(line)
            request = requests.get(row.get("custom_id", ""))
            if request is None:
                continue
            response = row.get("response") or {}
            try:
                if response.get("status_code") != 200:
                    raise faults.Garbled(json.dumps(row.get("error") or response.get("body")))
                body = json.dumps(response["body"]).encode()
                answer = read_answer(body, response.get("request_id"), time.time(), model=self.model, price=self.price)
            except faults.Garbled as error:
                self._failed[row["custom_id"]] = faults.redacted(str(error)[:200], self.key)
                continue
            self.cache.put(row["custom_id"], request, answer, model=self.model, sampling=self.sampling)

    def _afford(self, requests: dict[str, Request]) -> None:
        cap, spend = self.llm.max_cost_usd, self.progress.spend
        if cap is None:
            return
        usd = spend.usd + sum(spend.estimated_cost(request) for request in requests.values())
        if usd > cap:
            raise BudgetExceeded(
                f"llm.max_cost_usd={cap} would be exceeded: a batch of {len(requests)} requests would bring the cost "
                f"to about {usd:.4f} USD. Nothing of it was sent."
            )

    def _reason(self, left: dict[str, Request]) -> str:
        return next((self._failed[key] for key in left if key in self._failed), "nothing")

    def _cache_key(self, request: Request) -> str:
        return cache_key(request, model=self.model, sampling=self.sampling)


def cancel(llm: LLMConfig, *, cache: CompletionCache) -> int:
    """Cancel the batches that are at work; what they have answered by then is stored when the stage is run again."""
    key = api_key(llm)
    quieten()
    server = openai.OpenAI(api_key=key or NO_KEY, base_url=llm.base_url, timeout=llm.timeout_s, max_retries=0)
    number = 0
    try:
        for batch in cache.batches(llm.server()):
            try:
                if server.batches.retrieve(batch).status not in ENDED:
                    server.batches.cancel(batch)
                    number += 1
            except openai.NotFoundError:
                cache.forget_batch(batch)
    except openai.APIError as error:
        raise faults.explained(error, llm=llm, key=key) from None
    finally:
        server.close()
    return number
