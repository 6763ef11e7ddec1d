"""A model without a server: a tiny Llama that learns recorded answers by heart writes them, and they train a model."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

import clinsynth as package
from clinsynth.llm import endings
from clinsynth.llm.cache import CompletionCache
from clinsynth.llm.servers import PROTOCOLS, connect
from clinsynth.llm.servers.base import Endpoint, ServerAnswer, ServerError
from clinsynth.types import Request
from support import TINY, Command, summary

RECORDINGS = Path(package.__file__).parent / "assets" / "recordings" / "ncbi_disease.sentences.jsonl"
UNITS = ["Wilms tumor", "APC", "DMD"]
SENTENCES = 6
QUICK = [word for word in TINY if not word.startswith("source.")]
CORPUS = [
    "size=n5",
    f"units.only=[{','.join(UNITS)}]",
    "generation.max_attempts=1",
    "annotator=seed",
    "llm=transformers",
    "llm.temperature=0",
    "llm.max_tokens=400",
]
TEMPLATE = "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}\n{% endfor %}<|assistant|>"
PIECES = Regex(r"<\|\w+\|>|\n| ?[^ \n<]+| ")


def recorded() -> list[tuple[str, str]]:
    """Prompts, and the first sentences of their answers."""
    rows = [json.loads(line) for line in RECORDINGS.read_text(encoding="utf-8").splitlines()]
    found = {row["id"].split("/")[2].removesuffix("#0"): row for row in rows}
    return [(found[u]["prompt"], "\n".join(found[u]["completion"].split("\n")[:SENTENCES])) for u in UNITS]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a Llama of 0.4 million weights that has learnt the recorded answers by heart."""
    pairs = [(f"<|user|>{prompt}\n<|assistant|>", answer) for prompt, answer in recorded()]
    tokenizer = _tokenizer([text for pair in pairs for text in pair])
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=96,
        intermediate_size=192,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=512,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(0)
    model = transformers.LlamaForCausalLM(config)
    _learn_by_heart(model, [tokenizer(first + second + "</s>")["input_ids"] for first, second in pairs])
    folder = tmp_path_factory.mktemp("llama")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _tokenizer(texts: list[str]) -> Any:
    split = pre_tokenizers.Split(PIECES, "isolated")
    pieces = {piece for text in texts for piece, _ in split.pre_tokenize_str(text)}
    words = {word: number for number, word in enumerate(["<pad>", "</s>", "<unk>", *sorted(pieces)])}
    raw = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    raw.pre_tokenizer = split
    raw.decoder = decoders.Fuse()
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    found: Any = transformers.PreTrainedTokenizerFast(tokenizer_object=raw, **names)
    found.chat_template = TEMPLATE
    return found


def _learn_by_heart(model: Any, rows: list[list[int]]) -> None:
    width = max(map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    labels = ids.masked_fill(ids == 0, -100)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    for _ in range(250):
        loss = model(input_ids=ids, attention_mask=(ids != 0).long(), labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.01:
            break
    assert loss.item() < 0.05


def ask(model: Path, prompts: list[str], **given: Any) -> list[ServerAnswer | BaseException]:
    endpoint = Endpoint(PROTOCOLS["transformers"], model=str(model), concurrency=4, **({"temperature": 0.0} | given))
    requests = [Request(f"d/p/u{n}#0", ({"role": "user", "content": text},)) for n, text in enumerate(prompts)]

    async def run() -> list[ServerAnswer | BaseException]:
        async with connect(endpoint) as server:
            return list(await asyncio.gather(*map(server.ask, requests), return_exceptions=True))

    return asyncio.run(run())


def test_it_writes_a_corpus_and_a_model_learns_from_it(
    llama: Path, with_store: Path, clinsynth: Command, tiny_bert: Path
) -> None:
    words = [*CORPUS, f"llm.model={llama}"]
    said = clinsynth("generate", *words)
    assert said.status == 0, said.err
    rows = {row["id"].split("/")[2]: row for row in CompletionCache(with_store / "artifacts/completions.db").rows()}
    assert {row["completion"] for row in rows.values()} == {answer for _, answer in recorded()}
    assert {row["finish_reason"] for row in rows.values()} == {"stop"}
    assert summary(with_store)["examples"] == 15
    said = clinsynth("train", *words, f"backbone.name_or_path={tiny_bert}", *QUICK)
    assert said.status == 0, said.err
    assert "test/f1" in summary(with_store)
    assert "3 answers were there already" in clinsynth("generate", *words).out


def test_batches_answer_as_single_requests_do(llama: Path) -> None:
    prompts = [prompt for prompt, _ in recorded()]
    together = ask(llama, [*prompts, prompts[0]])
    alone = [ask(llama, [prompt])[0] for prompt in prompts]
    assert together == [*alone, alone[0]]
    assert all(isinstance(found, ServerAnswer) and found.usage.completion for found in alone)


def test_it_says_how_likely_its_tokens_were(llama: Path) -> None:
    prompts = [prompt for prompt, _ in recorded()]
    found = ask(llama, prompts, logprobs=True, stop=("3.",))
    assert [replace(one, logprobs=()) for one in found] == ask(llama, prompts, stop=("3.",))
    model: Any = transformers.AutoModelForCausalLM.from_pretrained(llama)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(llama)
    for prompt, answer in zip(prompts, found, strict=True):
        first = tokenizer(f"<|user|>{prompt}\n<|assistant|>")["input_ids"]
        ids = tokenizer(answer.text)["input_ids"]
        with torch.inference_mode():
            logits = model(torch.tensor([first + ids])).logits[0, len(first) - 1 : -1].log_softmax(-1)
        wanted = logits[range(len(ids)), ids].tolist()
        assert [logprob for _, logprob in answer.logprobs] == pytest.approx(wanted, abs=1e-3)
        assert answer.logprobs[-1][0] == len(answer.text)
        assert [end for end, _ in answer.logprobs] == sorted({end for end, _ in answer.logprobs})


def test_answers_end_where_they_are_told(llama: Path) -> None:
    (prompt, answer), *_ = recorded()
    (cut,) = ask(llama, [prompt], max_tokens=10)
    assert isinstance(cut, ServerAnswer)
    assert (cut.finish_reason, cut.usage.completion) == (endings.LENGTH, 10)
    assert answer.startswith(cut.text)
    (stopped,) = ask(llama, [prompt], stop=("2.",))
    assert isinstance(stopped, ServerAnswer)
    assert (stopped.finish_reason, stopped.text.strip()) == (endings.STOP, answer.split("\n")[0])


def test_a_prompt_that_is_too_long_is_declined_alone(llama: Path) -> None:
    (prompt, answer), *_ = recorded()
    right, long = ask(llama, [prompt, "word " * 600])
    assert isinstance(right, ServerAnswer)
    assert right.text == answer
    assert isinstance(long, ServerError)
    assert long.reason == endings.TOO_LONG


def test_a_model_that_is_none_is_said(with_store: Path, clinsynth: Command) -> None:
    said = clinsynth("generate", *CORPUS, "llm.model=./nowhere")
    assert said.status == 2
    assert "llm.model=./nowhere is no causal model" in " ".join(said.err.split())
    assert "Traceback" not in said.err
