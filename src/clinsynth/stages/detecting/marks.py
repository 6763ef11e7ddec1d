"""Is it marked? A corpus, or texts of a file, and the secret of `llm.watermark`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clinsynth import keys
from clinsynth.analysis import watermarks
from clinsynth.asking.clients import watermark
from clinsynth.config import AnalyseConfig
from clinsynth.errors import ConfigError
from clinsynth.llm.watermark import Watermark
from clinsynth.reports.trust_figures import detection_rates
from clinsynth.stages import Job, resolving
from clinsynth.stages.detecting import material
from clinsynth.stages.detecting.question import Finding, Question
from clinsynth.stages.frame import Frame

OTHERS = 10
"""Keys that have marked nothing, whose findings are false."""

FIGURE = "watermark.png"


def question(settings: AnalyseConfig, *, job: Job, frame: Frame) -> Question:
    """Return the test of texts; raises ConfigError where secret, tokenizer or texts are missing."""
    mark, model = _mark(settings), settings.llm.model
    if not model:
        raise ConfigError(
            "detect=watermark looks at the tokens of the model that is said to have written: give llm=transformers "
            "llm.model=..., whose tokenizer is opened."
        )
    gold = resolving.load_gold(settings.dataset, paths=settings.paths)
    words = [word for example in (*gold.train, *gold.test) for word in example.text.split()]
    given = material.texts(settings, job=job, store=frame.store)
    content = {"texts": given.digest, "model": model, "mark": mark.known_by}
    return Question(
        keys.detection("watermark", content),
        name=f"watermark-{given.name}",
        title=f"Mark in {given.name}",
        answer=_Answer(tuple(given.texts), words=words, model=model, mark=mark),
        corpus=given.corpus,
    )


def _mark(settings: AnalyseConfig) -> Watermark:
    found = watermark(settings.llm)
    if found is None:
        raise ConfigError(
            "detect=watermark needs the secret that the texts may be marked with: put it into a variable, and name "
            "that as llm.watermark.key_env=HOUSE_MARK."
        )
    return found


@dataclass(frozen=True)
class _Answer:
    texts: Sequence[str]
    words: Sequence[str]
    """Words of gold, which nobody has marked."""
    model: str
    mark: Watermark

    def __call__(self) -> Finding:
        from clinsynth.llm.green_lists import GreenLists, open_tokenizer  # takes seconds

        tokenizer, vocabulary = open_tokenizer(self.model)
        others = [replace(self.mark, secret=f"{number}/{self.mark.secret}") for number in range(OTHERS)]
        asked = watermarks.Keys(
            lambda text: tokenizer(text, add_special_tokens=False)["input_ids"],
            own=GreenLists(self.mark, vocabulary=vocabulary),
            others=[GreenLists(other, vocabulary=vocabulary) for other in others],
            share=self.mark.share,
        )
        found = asked.evidence(self.texts)
        lengths = watermarks.by_length(self.texts, keys=asked)
        edits = watermarks.by_edits(self.texts, keys=asked, words=self.words)
        return Finding(
            found.metrics | {f"{watermarks.PREFIX}texts": float(len(self.texts))},
            len(self.texts),
            figures={FIGURE: detection_rates(lengths, edits)} if lengths else {},
        )
