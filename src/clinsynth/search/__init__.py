"""Search for a prompt: candidates, samples of each, a comparison, variations of the best (Tang et al. 2023, figure 1).

Everything is computed anew out of answers that there are, so that a search that was stopped goes on where it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from clinsynth.config import SearchConfig
from clinsynth.errors import DataFormatError
from clinsynth.search.judges import RoundJudge
from clinsynth.search.proposals import propose
from clinsynth.search.sampling import Sampler
from clinsynth.search.tree import CandidatePrompt, Contest, Tree

Watch = Callable[[Tree], None]


def search(settings: SearchConfig, *, sampler: Sampler, judge: RoundJudge, tree: Tree, watch: Watch) -> None:
    """Fill the tree, round by round; what there is of it stays there when an answer or a verdict is missing.

    The best prompt so far stands in every contest, so that a new one has to be better. `watch` is called after each.
    """
    tree.task = sampler.task
    best: CandidatePrompt | None = None
    for number in range(1, settings.rounds + 1):
        known = [candidate.text for candidate in tree.candidates]
        texts, unusable = propose(settings, number=number, best=best, known=known, sampler=sampler)
        names = (f"{number}.{place}" for place in range(1, len(texts) + 1))
        if not texts:
            print(f"Round {number}: nothing new is proposed, the search ends here.", flush=True)
            break
        drawn = sampler.draw(texts)
        new = [
            CandidatePrompt(name, best.name if best else None, text, **vars(samples))
            for name, text, samples in zip(names, texts, drawn, strict=True)
        ]
        tree.candidates += new
        if best is None:
            _check_samples(new)
        running = [best, *new] if best else new
        verdicts = judge(running, number=number)
        best = max(running, key=lambda candidate: verdicts[candidate.name]["score"])
        tree.contests.append(Contest(number, best.name, verdicts, unusable))
        watch(tree)
    tree.finished = True


def _check_samples(candidates: Sequence[CandidatePrompt]) -> None:
    """Raise DataFormatError where there is not a single sample, and nothing to compare."""
    if any(candidate.kept for candidate in candidates):
        return
    reasons = Counter(reason for candidate in candidates for _, reason in candidate.rejected)
    why = ", ".join(f"{number} {reason}" for reason, number in reasons.most_common()) or "the answers hold no text"
    raise DataFormatError(
        f"no sample of the {len(candidates)} prompts of a round passes quality control ({why}). Is the llm up to it?"
    )
