"""What a model that writes learns of a dialogue, and how its answer becomes an example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from clinsynth.tasks.chat.examples import Dialogue


def turns(example: Dialogue) -> Sequence[str]:
    """Return what human and assistant say in turn."""
    return example.turns


def worse(example: Dialogue) -> Sequence[str]:
    """Return the question with the answer that is to be left; empty where there is none."""
    return (example.question, example.rejected) if example.rejected else ()


def answered(example: Dialogue, *, answer: str, loss: float, base_loss: float, pieces: int) -> Dialogue:
    """Return the question with a model's answer, and how likely it finds the reference: summed over `pieces`."""
    return replace(example, turns=(example.question, answer), loss=loss, base_loss=base_loss, pieces=pieces)


def usage(path: Path, *, adapter: bool) -> str:
    """Return Python lines that load a saved model, for its card."""
    auto = "AutoPeftModelForCausalLM" if adapter else "AutoModelForCausalLM"
    return f"""from {"peft" if adapter else "transformers"} import {auto}
from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("{path}")
model = {auto}.from_pretrained("{path}")
asked = [{{"role": "user", "content": "What is high blood pressure?"}}]
inputs = tokenizer.apply_chat_template(asked, add_generation_prompt=True, return_dict=True, return_tensors="pt")
answer = model.generate(**inputs, max_new_tokens=256)
print(tokenizer.decode(answer[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True))"""
