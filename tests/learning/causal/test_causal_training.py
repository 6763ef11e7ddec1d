"""A tiny Llama learns dialogues; what is saved is what was trained, and training goes on where it was killed."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from clinsynth import tasks
from clinsynth.errors import ConfigError
from clinsynth.learning import open_learner, saved
from clinsynth.learning.causal import fit
from clinsynth.learning.sets import TrainingSet
from clinsynth.learning.several import Notes
from clinsynth.tasks.chat.examples import Dialogue
from support import Composed

DIALOGUES = tuple(
    Dialogue((f"What is {name}?", f"{name} is a disease of the {part}.", "Is it bad?", "See a doctor about it."))
    for name, part in (("Gout", "joints"), ("Asthma", "airways"), ("Anaemia", "blood"), ("Migraine", "head"))
)
HELD_OUT = [Dialogue(("What is Asthma of the head?", "Asthma is a disease of the airways."))]
SMALL = (
    *("dataset=sample_chat", "backbone=tiny_llama", "backbone.max_length=128", "backbone.batch_size=2"),
    *("backbone.answer_pieces=4", "trainer.accelerator=cpu", "trainer.precision=32-true", "trainer.min_steps=0"),
    *("trainer.epochs=6", "trainer.max_epochs=6", "trainer.checkpoint_steps=2"),
)

Student = Callable[..., Any]


@pytest.fixture
def student(composed: Composed, cache_home: Path) -> Student:
    """Makes a model that is ready to learn."""

    def make(*words: str, dialogues: tuple[Dialogue, ...] = DIALOGUES) -> Any:
        settings = composed("train", *SMALL, *words)
        return open_learner("causal").student(
            tasks.open(settings.dataset),
            arm=TrainingSet(dialogues, train=dialogues, devel=()),
            backbone=settings.backbone,
            trainer=settings.trainer,
            seed=0,
        )

    return make


def perplexity(found: Any, *, base: bool = False) -> float:
    (one,) = found.predict(HELD_OUT).predicted
    return math.exp((one.base_loss if base else one.loss) / one.pieces)


def fitted(found: Any, **how: Any) -> Any:
    found.fit(report=lambda measured: None, **how)
    return found


def logits(network: Any) -> torch.Tensor:
    with torch.inference_mode():
        found: torch.Tensor = network.eval()(input_ids=torch.tensor([[5, 9, 30, 200, 41]])).logits
    return found


def test_an_adapter_learns_is_saved_and_loads_with_peft_alone(student: Student, tmp_path: Path) -> None:
    from peft import AutoPeftModelForCausalLM

    made = student()
    before = perplexity(made)
    fitted(made)
    assert perplexity(made) < 0.8 * before
    assert perplexity(made, base=True) == pytest.approx(before, rel=1e-4)  # the base is as it was
    made.save(tmp_path / "one")
    assert not (tmp_path / "one/config.json").exists()
    assert saved.describe_model(tmp_path / "one").task == "chat"
    assert saved.is_model(tmp_path / "one")
    after = logits(made.tuner.model)
    assert torch.allclose(logits(AutoPeftModelForCausalLM.from_pretrained(tmp_path / "one")), after, atol=1e-5)

    second = student(f"backbone.name_or_path={tmp_path / 'one'}")  # a new one on top of the frozen first
    assert torch.allclose(logits(second.tuner.model), after, atol=1e-5)
    trainable = {name for name, value in second.tuner.model.named_parameters() if value.requires_grad}
    assert trainable
    assert all(".default." in name for name in trainable)
    fitted(second)
    assert not torch.allclose(logits(second.tuner.model), after, atol=1e-3)
    both = logits(second.tuner.model)
    second.save(tmp_path / "two")
    assert torch.allclose(logits(AutoPeftModelForCausalLM.from_pretrained(tmp_path / "two")), both, atol=1e-4)


@pytest.mark.parametrize("words", [("backbone.merge=true",), ("backbone.lora.r=0", "backbone.lr=0.003")])
def test_a_whole_model_needs_no_peft(words: tuple[str, ...], student: Student, tmp_path: Path) -> None:
    made = student(*words)
    before = perplexity(made)
    fitted(made)
    assert perplexity(made) < 0.8 * before
    after = logits(made.tuner.model)
    made.save(tmp_path / "whole")
    assert not (tmp_path / "whole/adapter_config.json").exists()
    assert torch.allclose(logits(AutoModelForCausalLM.from_pretrained(tmp_path / "whole")), after, atol=1e-4)


def test_training_that_was_killed_goes_on_from_its_checkpoint(student: Student, tmp_path: Path) -> None:
    """To the same weights, dropout included, as if it had not been."""
    whole = logits(fitted(student("backbone.lora.dropout=0.2")).tuner.model)

    class Killed(Exception): ...

    stopped = student("backbone.lora.dropout=0.2")
    step = stopped.tuner.training_step
    seen = []

    def dies(*given: Any) -> Any:
        seen.append(len(given))
        if len(seen) == 4:
            raise Killed
        return step(*given)

    stopped.tuner.training_step = dies
    with pytest.raises(Killed):
        fitted(stopped, resume=tmp_path)
    assert (tmp_path / "last.ckpt").is_file()

    again = student("backbone.lora.dropout=0.2")
    rest: list[int] = []
    step = again.tuner.training_step
    again.tuner.training_step = lambda *given: rest.append(len(given)) or step(*given)
    fitted(again, resume=tmp_path)
    assert len(rest) == 6 - 2
    assert torch.allclose(logits(again.tuner.model), whole, atol=1e-5)


@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_two_processes_train_as_one_does(student: Student, strategy: str) -> None:
    """To the same losses and weights, in batches of the same size, of which the last is too small for both."""
    words = ("backbone.lora.dropout=0", "backbone.batch_size=3", "backbone.max_length=32")
    more = ("trainer.epochs=5", "trainer.max_epochs=5")
    divided = ("trainer.devices=[0,1]", f"trainer.strategy={strategy}")

    def trained(*words: str) -> tuple[torch.Tensor, list[Any]]:
        made, losses = student(*words), []
        made.fit(report=losses.extend)
        return logits(made.tuner.model), losses

    one, losses = trained(*words, *more)
    two, parted = trained(*words, *more, *divided)
    assert torch.allclose(two, one, atol=1e-3)
    assert losses
    assert [(name, step) for name, _, step in parted] == [(name, step) for name, _, step in losses]
    assert [value for _, value, _ in parted] == pytest.approx([value for _, value, _ in losses], rel=1e-4)


def test_what_is_trained_can_be_handed_to_a_new_process(student: Student, tmp_path: Path) -> None:
    """As it is where several GPUs train."""
    made = student()
    given, rows = [], made._rows()

    def kept(tuner: Any, *, batches: Any, **_: Any) -> None:
        given.append((tuner, batches, Notes(tmp_path / "losses.jsonl")))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "fit", kept)
        fitted(made)
    tuner, batches, notes = pickle.loads(pickle.dumps(given[0]))
    assert torch.equal(logits(tuner.model), logits(made.tuner.model))
    assert len(list(batches)) == 6 * math.ceil(len(rows) / 2)
    notes([("train/loss", 1.5, 10)])
    assert notes.read() == [("train/loss", 1.5, 10)]


def test_bf16_learns(student: Student) -> None:
    """On any CPU: where it does not compute in bf16, torch stands in for it."""
    made = student("trainer.precision=bf16-mixed")
    before = perplexity(made)
    assert perplexity(fitted(made)) < 0.8 * before


def test_what_comes_after_training_may_fail_and_nothing_is_trained_again(student: Student, tmp_path: Path) -> None:
    whole = logits(fitted(student(), resume=tmp_path).tuner.model)
    again = student()
    again.tuner.training_step = lambda *given: pytest.fail("it trains again")
    assert torch.allclose(logits(fitted(again, resume=tmp_path).tuner.model), whole, atol=1e-6)


def test_preferences_move_the_better_answer_away_from_the_worse(student: Student) -> None:
    pairs = tuple(Dialogue((one.question, one.answer), rejected="It is nothing at all, go home.") for one in DIALOGUES)
    made = student(dialogues=pairs)

    def margin() -> float:
        found = [pair.margin for pair in made._pairs()]
        return sum(found) / len(found)

    before = margin()
    fitted(made)
    assert margin() > before + 1


def test_layers_that_the_backbone_has_not_are_named(student: Student) -> None:
    with pytest.raises(ConfigError, match=r"backbone\.lora\.targets=\['query'\] fit no layer of tiny_llama"):
        student("backbone.lora.targets=[query]")


def test_four_bits_need_a_gpu(student: Student) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    with pytest.raises(ConfigError, match="needs bitsandbytes"):
        student("backbone.four_bit=true")


def test_the_tiny_llama_comes_out_alike(cache_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from clinsynth.learning.causal import tiny

    first = tiny.tiny_llama()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    second = tiny.tiny_llama()
    assert first != second
    for name in ("model.safetensors", "tokenizer.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
