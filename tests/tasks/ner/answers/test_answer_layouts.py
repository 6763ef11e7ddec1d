"""Answers that are spoilt without loss: what is read must not change."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import clinsynth
from clinsynth.tasks.ner.answers import read_entities
from clinsynth.text.entities import Sentence, to_spans
from clinsynth.text.words import detokenise
from support import CORPORA, needs_corpora

Pairs = list[tuple[str, str]]
Corruption = Callable[[Pairs], str | None]

PROMPT = (
    'Please do NER task for "{}" (output IOB format, please output the results only without your explanation, '
    "use tab key to separate the word and label, the entity is Disease name, please use the space key to separate "
    "the sentences)"
)
PUNCTUATION = frozenset(".,;:!?'\"()[]{}")


def lines(pairs: Pairs, *, layout: str = "{word}\t{tag}", between: str = "\n") -> str:
    return between.join(layout.format(word=word, tag=tag, number=number) for number, (word, tag) in enumerate(pairs, 1))


def with_tags(pairs: Pairs, *, spelling: Callable[[str], str], layout: str = "{word}\t{tag}") -> str:
    return lines([(word, spelling(tag)) for word, tag in pairs], layout=layout)


def iobes(pairs: Pairs, *, single: str, last: str) -> str:
    tags = [tag for _, tag in pairs]
    spelt = []
    for tag, after in zip(tags, [*tags[1:], "O"], strict=True):
        ends = not after.startswith("I-")
        changed = {"B": single, "I": last}.get(tag[0]) if ends else None
        spelt.append(f"{changed}{tag[1:]}" if changed else tag)
    return lines([(word, tag) for (word, _), tag in zip(pairs, spelt, strict=True)])


def adjoining(pairs: Pairs) -> bool:
    """Whether an entity follows another at once: without B and I they are one."""
    return any(one[1] != "O" and two[1][0] == "B" for one, two in itertools.pairwise(pairs))


def types_only(pairs: Pairs) -> str | None:
    if adjoining(pairs):
        return None
    return lines([(word, "O" if tag == "O" else "Disease") for word, tag in pairs])


def inside_only(pairs: Pairs) -> str | None:
    return None if adjoining(pairs) else with_tags(pairs, spelling=lambda tag: tag.replace("B-", "I-"))


def bare_letters(pairs: Pairs) -> str:
    return with_tags(pairs, spelling=lambda tag: tag[0])


def two_lines(pairs: Pairs, *, first: str = "", second: str = "") -> str:
    return f"{first}{' '.join(word for word, _ in pairs)}\n{second}{' '.join(tag for _, tag in pairs)}"


def tags_alone(pairs: Pairs, *, between: str = " ") -> str:
    return between.join(tag for _, tag in pairs)


def table(pairs: Pairs, *, head: str = "| Word | Tag |\n|---|---|", row: str = "| {word} | {tag} |") -> str:
    return f"{head}\n{lines(pairs, layout=row)}"


def json_pairs(pairs: Pairs) -> str:
    return json.dumps(pairs)


def json_objects(pairs: Pairs, *, word: str, tag: str, indent: int | None = None) -> str:
    return json.dumps([{word: one, tag: two} for one, two in pairs], indent=indent, ensure_ascii=False)


def json_lines(pairs: Pairs) -> str:
    return "\n".join(json.dumps({"token": word, "label": tag}) for word, tag in pairs)


def json_columns(pairs: Pairs) -> str:
    return json.dumps({"tokens": [word for word, _ in pairs], "tags": [tag for _, tag in pairs]})


def python_tuples(pairs: Pairs) -> str:
    return repr(pairs)


def json_mapping(pairs: Pairs) -> str:
    """Names may come twice: no parser but one that keeps them will do."""
    return "{" + ", ".join(f"{json.dumps(word)}: {json.dumps(tag)}" for word, tag in pairs) + "}"


def without_some_outside(pairs: Pairs) -> str | None:
    """Every third word outside is skipped.

    Not next to an entity, where one may begin with the same letters or be listed twice ("cancer and cancer").
    """
    kept = [
        (word, tag)
        for number, (word, tag) in enumerate(pairs)
        if number % 3 or tag != "O" or any(near != "O" for _, near in pairs[max(number - 1, 0) : number + 2])
    ]
    return lines(kept) if len(kept) < len(pairs) else None


def folded_text(pairs: Pairs) -> str:
    return " ".join(word for word, _ in pairs).casefold()


def entities_of(pairs: Pairs) -> list[list[str]]:
    words = [word for word, _ in pairs]
    return [words[span.start : span.end] for span in to_spans([tag for _, tag in pairs])]


def appears_else(pairs: Pairs) -> bool:
    """Whether a name stands in the sentence once more, in or out of an entity: then a name says too little."""
    entities = entities_of(pairs)
    text = f" {folded_text(pairs)} "
    names = [" ".join(entity).casefold() for entity in entities]
    return any(text.count(f" {name} ") != 1 for name in names) or any(
        "".join(text.split()).count(name.replace(" ", "")) != 1 for name in names
    )


def only_entities(pairs: Pairs) -> str | None:
    if appears_else(pairs) or not entities_of(pairs):
        return None
    return lines([pair for pair in pairs if pair[1] != "O"])


def merged(pairs: Pairs) -> str | None:
    """Neighbours of one status that running text writes together are one word.

    Punctuation at the edge of a merged word of an entity is taken to be dragged in, so none may belong to it.
    """
    if any(PUNCTUATION & {entity[0], entity[-1]} for entity in entities_of(pairs)):
        return None
    groups: list[tuple[list[str], str]] = []
    for word, tag in pairs:
        words, status = groups[-1] if groups else ([], "")
        together = " " not in detokenise([*words, word]) and (tag == status == "O" or (status != "O" and tag[0] == "I"))
        if words and together:
            words.append(word)
        else:
            groups.append(([word], tag))
    return lines([("".join(words), tag) for words, tag in groups])


def dragging(pairs: Pairs) -> str | None:
    """The full stop or comma behind an entity is part of its last word."""
    changed: Pairs = []
    for number, (word, tag) in enumerate(pairs):
        if word in ".," and tag == "O" and number and pairs[number - 1][1] != "O" and changed[-1][0][-1].isalnum():
            changed[-1] = (changed[-1][0] + word, changed[-1][1])
        else:
            changed.append((word, tag))
    return lines(changed) if len(changed) < len(pairs) else None


def split(pairs: Pairs) -> str:
    """Long words are two, as in the vocabulary of a model."""
    pieces: Pairs = []
    for word, tag in pairs:
        if len(word) > 7:
            pieces += [(word[:4], tag), (word[4:], tag.replace("B-", "I-"))]
        else:
            pieces.append((word, tag))
    return lines(pieces)


def respelt(pairs: Pairs, *, change: Callable[[str], str]) -> str:
    return lines([(change(word), tag) for word, tag in pairs])


def typography(word: str) -> str:
    return word.replace("-", "–").replace("'", "’").replace('"', "“").replace("fi", "ﬁ")


def rewritten(pairs: Pairs) -> str | None:
    """Words of five and more letters outside, but not next to an entity, are others."""
    changed = [
        ("qualified" if tag == "O" and len(word) > 4 and near else word, tag)
        for (word, tag), near in zip(pairs, far_from_entities(pairs), strict=True)
    ]
    return lines(changed) if changed != pairs else None


def far_from_entities(pairs: Pairs) -> list[bool]:
    return [all(tag == "O" for _, tag in pairs[max(number - 1, 0) : number + 2]) for number in range(len(pairs))]


def cut(pairs: Pairs) -> str | None:
    """The last lines are missing, and part of the one before them; none of an entity."""
    kept = len(pairs) - 3
    if kept < 3 or any(tag != "O" for _, tag in pairs[kept - 1 :]) or len(pairs[kept][0]) < 4:
        return None
    return f"{lines(pairs[:kept])}\n{pairs[kept][0][:3]}"


def listed(pairs: Pairs, *, start: str, between: str, each: str = "{}", natural: bool = True) -> str | None:
    """A name stands for all that are called so; it has to be an entity wherever it stands."""
    if appears_else(pairs) or not entities_of(pairs):
        return None
    names = [detokenise(entity) if natural else " ".join(entity) for entity in entities_of(pairs)]
    if any(mark in name for name in names for mark in ",;()|\"'"):  # what separates or surrounds names
        return None
    return start + between.join(each.format(name) for name in names)


def json_entities(pairs: Pairs) -> str | None:
    if appears_else(pairs):
        return None
    names = [detokenise(entity) for entity in entities_of(pairs)]
    return json.dumps({"entities": [{"text": name, "type": "Disease"} for name in names]}, indent=2)


def marked(pairs: Pairs, *, opening: str, closing: str) -> str | None:
    """Nothing is marked in a sentence without entities, so that it is none to be read."""
    sentence = Sentence(tuple(word for word, _ in pairs), to_spans([tag for _, tag in pairs]))
    if not sentence.spans or {opening[0], closing[-1]} & {word for word, _ in pairs}:  # a bracket of the sentence
        return None
    words = list(sentence.tokens)
    for span in sentence.spans:
        words[span.start] = f"{opening}{words[span.start]}"
        words[span.end - 1] += closing
    return " ".join(words)


def repeated_prompt(pairs: Pairs, *, layout: str) -> str:
    return layout.format(prompt=PROMPT.format(" ".join(word for word, _ in pairs)), answer=lines(pairs))


def wrapped(pairs: Pairs, *, before: str = "", after: str = "") -> str:
    return f"{before}{lines(pairs)}{after}"


def drafted(pairs: Pairs) -> str:
    """All outside at first."""
    draft = lines([(word, "O") for word, _ in pairs])
    return f"{draft}\n\nWait, I have to look again for diseases. The corrected version:\n\n{lines(pairs)}"


def explained(pairs: Pairs) -> str:
    names = [" ".join(entity) for entity in entities_of(pairs)]
    notes = "\n".join(f"- {name}: B-Disease, as it is a disease" for name in names)
    return f"{lines(pairs)}\n\nExplanation: B-Disease marks where a disease begins, O what is none.\n{notes}"


def halves(pairs: Pairs) -> str:
    at = len(pairs) // 2
    return f"{lines(pairs[:at])}\n\n{lines(pairs[at:])}"


CORRUPTIONS: dict[str, Corruption] = {
    "literal tab": partial(lines, layout="{word}\\t{tag}"),
    "two spaces": partial(lines, layout="{word}  {tag}"),
    "space": partial(lines, layout="{word} {tag}"),
    "slash": partial(lines, layout="{word}/{tag}"),
    "colon": partial(lines, layout="{word}: {tag}"),
    "spaced colon": partial(lines, layout="{word} : {tag}"),
    "dash": partial(lines, layout="{word} - {tag}"),
    "arrow": partial(lines, layout="{word} -> {tag}"),
    "equals": partial(lines, layout="{word} = {tag}"),
    "brackets": partial(lines, layout="{word} ({tag})"),
    "square brackets": partial(lines, layout="{word} [{tag}]"),
    "comma": partial(lines, layout="{word},{tag}"),
    "comma and space": partial(lines, layout="{word}, {tag}"),
    "pipe": partial(lines, layout="{word} | {tag}"),
    "underscore": partial(lines, layout="{word}_{tag}"),
    "tag first": partial(lines, layout="{tag}\t{word}"),
    "numbers": partial(lines, layout="{number}. {word}\t{tag}"),
    "index": partial(lines, layout="{number}\t{word}\t{tag}"),
    "index, spaces": partial(lines, layout="{number} {word} {tag}"),
    "part of speech": partial(lines, layout="{word}\tNN\t{tag}"),
    "bullets": partial(lines, layout="- {word}: {tag}"),
    "starred bullets": partial(lines, layout="* **{word}** - {tag}"),
    "quoted words": partial(lines, layout='"{word}": {tag}'),
    "bold tag": partial(lines, layout="{word}\t**{tag}**"),
    "code tag": partial(lines, layout="{word}\t`{tag}`"),
    "code word": partial(lines, layout="`{word}`: `{tag}`"),
    "full stop": partial(lines, layout="{word}\t{tag}."),
    "one line, spaces": partial(lines, layout="{word} {tag}", between=" "),
    "one line, tabs": partial(lines, layout="{word}\t{tag}", between=" "),
    "one line, slashes": partial(lines, layout="{word}/{tag}", between=" "),
    "one line, brackets": partial(lines, layout="{word} ({tag})", between=" "),
    "one line, commas": partial(lines, layout="{word} {tag}", between=", "),
    "one line, underscores": partial(lines, layout="{word}_{tag}", between=" "),
    "one line, colons": partial(lines, layout="{word}:{tag}", between=" "),
    "blank lines": partial(lines, between="\n\n"),
    "CRLF": partial(lines, between="\r\n"),
    "two lines": two_lines,
    "two lines with names": partial(two_lines, first="Tokens: ", second="Tags: "),
    "tags alone": tags_alone,
    "tags alone, commas": partial(tags_alone, between=", "),
    "tags alone, lines": partial(tags_alone, between="\n"),
    "table": table,
    "table with index": partial(table, head="| # | Token | Tag |\n|:-|-|-:|", row="| {number} | {word} | {tag} |"),
    "table with notes": partial(
        table, head="| Token | Tag | Note |\n| --- | --- | --- |", row="| {word} | {tag} | a note |"
    ),
    "fence": partial(wrapped, before="```\n", after="\n```"),
    "fence with a name": partial(wrapped, before="```text\n", after="\n```\n"),
    "JSON pairs": json_pairs,
    "JSON objects": partial(json_objects, word="token", tag="label"),
    "JSON word, tag": partial(json_objects, word="word", tag="iob_tag", indent=2),
    "JSON tag, text": partial(json_objects, word="text", tag="entity"),
    "JSON lines": json_lines,
    "JSON in a fence": lambda pairs: f"```json\n{json_objects(pairs, word='word', tag='tag', indent=1)}\n```",
    "JSON columns": json_columns,
    "JSON mapping": json_mapping,
    "JSON cut": lambda pairs: json_pairs(pairs)[:-1],
    "Python tuples": python_tuples,
    "lower-case type": partial(with_tags, spelling=str.lower),
    "upper-case type": partial(with_tags, spelling=str.upper),
    "short type": partial(with_tags, spelling=lambda tag: tag.replace("Disease", "DIS")),
    "unknown type": partial(with_tags, spelling=lambda tag: tag.replace("Disease", "ENTITY")),
    "underscore in the tag": partial(with_tags, spelling=lambda tag: tag.replace("-", "_")),
    "bare letters": bare_letters,
    "zero": partial(with_tags, spelling=lambda tag: tag.replace("O", "0")),
    "types only": types_only,
    "inside only": inside_only,
    "IOBES": partial(iobes, single="S", last="E"),
    "BILOU": partial(iobes, single="U", last="L"),
    "skipped": without_some_outside,
    "only entities": only_entities,
    "merged": merged,
    "dragging": dragging,
    "split": split,
    "typography": partial(respelt, change=typography),
    "upper case": partial(respelt, change=str.upper),
    "rewritten": rewritten,
    "cut": cut,
    "list": partial(listed, start="Entities: ", between="; "),
    "list of the type": partial(listed, start="Disease: ", between=", "),
    "bullet list": partial(listed, start="Diseases:\n", between="\n", each="- {}"),
    "bullets without a heading": partial(listed, start="", between="\n", each="* {}"),
    "numbered list": partial(listed, start="", between="\n", each="1. {}", natural=False),
    "typed list": partial(listed, start="", between="\n", each="{} (Disease)"),
    "quoted list": partial(listed, start="The disease entities are: ", between=", ", each='"{}"'),
    "JSON entities": json_entities,
    "span elements": partial(marked, opening='<span class="disease">', closing="</span>"),
    "elements": partial(marked, opening="<disease>", closing="</disease>"),
    "double brackets": partial(marked, opening="[[", closing="]]"),
    "bold": partial(marked, opening="**", closing="**"),
    "links": partial(marked, opening="[", closing="](Disease)"),
    "signs": partial(marked, opening="@@", closing="##"),
    "prompt above": partial(repeated_prompt, layout="{prompt}\n\n{answer}"),
    "prompt in INST": partial(repeated_prompt, layout="[INST] {prompt} [/INST]\n{answer}"),
    "prompt quoted": partial(repeated_prompt, layout='"{prompt}"\n{answer}'),
    "example": partial(wrapped, before="<example>\n", after="\n</example>"),
    "answer": partial(wrapped, before="<answer>", after="</answer>"),
    "thoughts": partial(wrapped, before="<think>\nFirst,\tO\nthe\tB-Disease\n</think>\n"),
    "greeting": partial(wrapped, before="Sure! Here is the sentence in IOB format:\n\n", after="\n\nIs that all?"),
    "draft": drafted,
    "explained": explained,
    "halves": halves,
}


def spans(text: str, pairs: Pairs) -> tuple[list[tuple[int, int]], tuple[str, ...]]:
    tokens = [word for word, _ in pairs]
    found = read_entities(text, question=PROMPT.format(" ".join(tokens)), tokens=tokens, entity_type="Disease")
    return [(span.start, span.end) for span in found.predicted], found.hallucinated


def expected(pairs: Pairs) -> tuple[list[tuple[int, int]], tuple[str, ...]]:
    return [(span.start, span.end) for span in to_spans([tag for _, tag in pairs])], ()


def sample() -> list[Pairs]:
    path = Path(clinsynth.__file__).parent / "assets" / "sample_ner" / "test.tsv"
    return read_pairs(path)


def read_pairs(path: Path) -> list[Pairs]:
    blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
    return [[(row.split("\t")[0], row.split("\t")[1]) for row in block.split("\n")] for block in blocks]


def check(corruption: Corruption, answers: Sequence[Pairs]) -> int:
    """How many answers the corruption applied to."""
    applied = 0
    for pairs in answers:
        text = corruption(pairs)
        if text is not None:
            applied += 1
            assert spans(text, pairs) == expected(pairs), text
    return applied


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_sample_is_read_alike_in_every_layout(name: str) -> None:
    answers = sample()[::4]
    assert check(CORRUPTIONS[name], answers) >= len(answers) * 0.1


RECORDINGS = CORPORA.parent / "recordings" / "ncbi_disease.zero_shot.jsonl"
needs_recordings = pytest.mark.skipif(not RECORDINGS.is_file(), reason=f"no recordings at {RECORDINGS}")


def recorded() -> list[dict[str, Any]]:
    return [json.loads(line) for line in RECORDINGS.read_text(encoding="utf-8").splitlines()]


@needs_corpora
@needs_recordings
def test_recordings_are_counted_as_they_are() -> None:
    gold = read_pairs(CORPORA / "ncbi_disease" / "test.tsv")
    right = wrong = missed = 0
    for row in recorded():
        pairs = gold[row["test_index"]]
        truth = {(span.start, span.end) for span in to_spans([tag for _, tag in pairs])}
        found, hallucinated = spans(row["completion"], pairs)
        right += len(truth & set(found))
        wrong += len(set(found) - truth) + len(hallucinated)
        missed += len(truth - set(found))
    assert (right, wrong, missed) == (63, 9, 23)


@needs_corpora
@needs_recordings
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_recordings_are_read_alike_in_every_layout(name: str) -> None:
    """Their words are those of gold; each says what it says about its own."""
    answers = [[tuple(line.split("\t")) for line in row["completion"].strip().split("\n")] for row in recorded()]
    assert check(CORRUPTIONS[name], [[(word, tag) for word, tag in pairs] for pairs in answers]) >= 20
