"""Causal models learn dialogues: LoRA or all weights, loss on the assistant's turns alone."""
