"""Asking an LLM: what it will cost, whether gold may be sent, what is seen meanwhile, what it has cost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import chain
from pathlib import Path
from types import TracebackType

from clinsynth.asking import clients
from clinsynth.config import RULES, AskingConfig, DatasetConfig, LLMConfig
from clinsynth.errors import ConfigError, MissingCompletions
from clinsynth.llm import KnownCompletions, recorded, send_log
from clinsynth.llm.account import Account, Further, nobody_hears, nothing_further
from clinsynth.llm.budget import PAID, Cap, Spend
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.databases import cache_place
from clinsynth.llm.progress import FollowUp, Instead, nothing_follows, nothing_instead
from clinsynth.llm.send_log import SendLog
from clinsynth.llm.servers.base import ServerAnswer
from clinsynth.llm.view import View
from clinsynth.task import Shots
from clinsynth.text.identifiers import counted, identifiers, with_rules
from clinsynth.text.presidio import recogniser
from clinsynth.tracking import SENT, ActiveRun, Ledger, Traced
from clinsynth.types import Request

SHOWN = 5
"""Requests that a refusal names."""


def estimate(
    llm: LLMConfig, requests: Sequence[Request], *, artifacts: Path, labelled: Further = nothing_further
) -> Spend:
    """Return what asking would take, with the requests about answers to come; nothing is sent."""
    with closing(CompletionCache(cache_place(artifacts, llm.cache))) as cache:
        return Account(clients.endpoint(llm), cache, clients.unspent(llm)).estimate(requests, labelled=labelled)


def cancel_batches(llm: LLMConfig, *, artifacts: Path) -> int:
    """End the batches that a server still works on, and return how many there were."""
    with closing(CompletionCache(cache_place(artifacts, llm.cache))) as cache:
        return clients.batch_client(llm, cache=cache).cancel()


def check_consent(
    dataset: DatasetConfig,
    requests: Sequence[Request],
    *,
    asking: AskingConfig,
    llm: LLMConfig,
    what: str,
    own_texts: str = "",
    shots: Shots | None = None,
) -> None:
    """Raise ConfigError where gold text of a dataset that is not public would be sent unasked, or a user's own texts.

    `what` names that text: its units, its test texts. `own_texts` is the path of a user's own. `shots` may stand in
    requests that follow these.
    """
    if dataset.public or llm.trusted:
        return
    if asking.send_gold_text:
        _check_identifiers(requests, asking=asking, llm=llm, shots=shots)
        return
    if not any(request.gold_characters for request in requests):  # such as the criteria of an instrument
        return
    why, public = f"{dataset.name} is not public (dataset.public=false)", "write public: true into the dataset's YAML"
    if own_texts:
        what, public = "its texts", "say texts.public=true, and public: true in the dataset's YAML"
        why = f"texts.path={own_texts} is not public (texts.public=false)"
    raise ConfigError(
        f"{why}, and {what} would be sent to {clients.whose(llm)}. "
        "Say that they may with generation.send_gold_text=true, or that the server is inside the house with "
        f"llm.trusted=true; or, where anybody may see the data, {public}."
    )


def _check_identifiers(
    requests: Sequence[Request], *, asking: AskingConfig, llm: LLMConfig, shots: Shots | None
) -> None:
    """Raise ConfigError, which says where but not what, where texts seem to name somebody."""
    if asking.send_identifiers:
        return
    find = identifiers if asking.identifiers == RULES else with_rules(recogniser(asking.identifiers))
    private = (request for request in requests if request.gold_characters)
    asked = ("\n".join(message["content"] for message in request.messages) for request in private)
    shown = ((f"row {shot.row} of gold train", shot.example.text) for shot in (shots.rows if shots else ()))
    texts = chain(((f"request {number}", text) for number, text in enumerate(asked, 1)), shown)
    found = [f"{place}: {said}" for place, text in texts if (said := counted(find(text)))]
    if found:
        more = f" and {len(found) - SHOWN:,} more" if found[SHOWN:] else ""
        raise ConfigError(
            f"{len(found):,} requests to {clients.whose(llm)}, or rows that they show, seem to name somebody: "
            f"{'; '.join(found[:SHOWN])}{more}. "
            "Nothing was sent. Take it out of the texts; or say that it may go with generation.send_identifiers=true. "
            "That nothing is found does not say that there is nothing: rules see forms, and not who is meant."
        )


def unanswered(
    count: str, missing: Sequence[Request], *, completions: KnownCompletions, folder: Path, hint: str = ""
) -> MissingCompletions:
    """The error for requests without an answer, which are left as a file to be answered by hand."""
    place = folder / "requests.jsonl"
    recorded.write_requests(place, missing)
    how = f"the requests are in {place}, to be answered there (`completion`). {hint}".strip()
    return MissingCompletions(
        f"{count} {completions.explain(missing)} A live LLM (llm=openai, llm=local) is asked for them; or give answers "
        f"as llm.recordings=[mine.jsonl]: {how}",
        requests=missing,
    )


class Session:
    """Questions to one LLM, in one or more goes; shows and logs their cost when it is left, however that is."""

    def __init__(
        self,
        llm: LLMConfig,
        *,
        artifacts: Path,
        run: ActiveRun,
        ledger: Ledger,
        show: Callable[[Spend], None],
        texts: bool = False,
    ) -> None:
        """`texts` may stand in the traces of requests."""
        self.llm, self.run, self.ledger, self.show, self.texts = llm, run, ledger, show, texts
        self._traced: list[Traced] = []
        self.spend = clients.unspent(llm)
        self._cache = CompletionCache(cache_place(artifacts, llm.cache))
        self._caps: tuple[Cap, ...] | None = None
        self._sent = SendLog(artifacts / send_log.FILE)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._cache.close()
        self.run.metrics(self.spend.metrics())
        if self._sent.last:
            self.run.tag(SENT, self._sent.last)
        self.show(self.spend)
        self.ledger.trace(self._traced, run_id=self.run.id, texts=self.texts)

    def ask(
        self,
        requests: Sequence[Request],
        *,
        title: str,
        follow_up: FollowUp = nothing_follows,
        instead: Instead = nothing_instead,
        counts: Callable[[], dict[str, int]] = dict,
    ) -> None:
        """Get requests answered, and what their answers give rise to; the answers are in the cache then.

        What the LLM gives no answer to is named in `spend`, and asked again by the next session.
        """
        with View(f"{title} from {self.llm.model}", counts=counts) as view:
            caps = self._caps_of(requests)
            heard = self._heard if self.ledger.traces else nobody_hears
            asker = clients.client(
                self.llm, cache=self._cache, spend=self.spend, watch=view, caps=caps, sent=self._sent, heard=heard
            )
            asker.answer(requests, follow_up=follow_up, instead=instead)

    def _heard(
        self, request: Request, answer: ServerAnswer, *, usd: float | None, asked_at: float, reason: str | None
    ) -> None:
        name, tokens = "/".join(recorded.parse_id(request.id)[:2]), (answer.usage.prompt, answer.usage.completion)
        came = answer.text, answer.served_model, tokens, usd, asked_at, time.time(), reason
        self._traced.append(Traced(name, request.id, request.messages, *came))

    def _caps_of(self, requests: Sequence[Request]) -> tuple[Cap, ...]:
        """Return the ends of what may be spent, as they stood when this session first asked."""
        if self._caps is None:
            self._caps = tuple(self._new_caps(requests))
        return self._caps

    def _new_caps(self, requests: Sequence[Request]) -> Iterator[Cap]:
        llm, dataset = self.llm, recorded.parse_id(requests[0].id)[0] if requests else ""
        if llm.max_dataset_cost_usd is not None:
            before = self._cache.spent_on(dataset)
            yield Cap("llm.max_dataset_cost_usd", llm.max_dataset_cost_usd, before, place=f"on {dataset}")
        if llm.max_total_cost_usd is not None:
            before = self.ledger.total(PAID)
            yield Cap(
                "llm.max_total_cost_usd", llm.max_total_cost_usd, before, place=f"by the runs of {self.ledger.where}"
            )
        if llm.max_total_tokens is not None:
            before, place = float(self._cache.tokens()), f"on all that {self._cache.path} holds"
            yield Cap("llm.max_total_tokens", llm.max_total_tokens, before, unit="tokens", place=place)
