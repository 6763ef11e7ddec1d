"""Labelled clinical text from an LLM and a few seeds; a small local model learns from it."""

__version__ = "0.1.0"
