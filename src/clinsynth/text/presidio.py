"""Finds what may name a person with Presidio, an extra: by its patterns, or with an engine that the user describes."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from clinsynth.errors import ConfigError
from clinsynth.text.identifiers import Identifier

PATTERNS = "presidio"
"""What Presidio finds by form alone: no language model, nothing that is downloaded."""

SURE = 0.4
"""A telephone number without a word before it has this score; that of any eight digits is below 0.1."""

LEFT_OUT = ["URL"]
"""Presidio's pattern takes `p.Arg117His` for one; web addresses are found by the rules."""


@cache  # an engine takes seconds, and each go of a session asks for one
def recogniser(engine: str) -> Callable[[str], Iterator[Identifier]]:
    """Return what finds identifiers in a text: with Presidio's patterns, or with the engine of a YAML of its own.

    Raises ConfigError where Presidio is not installed, or cannot make the engine.
    """
    try:
        import presidio_analyzer
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"generation.identifiers={engine} needs the library {error.name}, which is not installed: "
            "pip install 'clinsynth[presidio]'. Nothing was sent."
        ) from None
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)  # a line for each language that is not asked for
    _ask_no_network()
    if engine == PATTERNS:
        return _finder(presidio_analyzer.AnalyzerEngine(nlp_engine=_without_model(), supported_languages=["en"]))
    if not Path(engine).is_file():
        raise ConfigError(
            f"generation.identifiers={engine}: there is no such file. Accepted are rules, presidio, and a YAML of "
            "Presidio's AnalyzerEngineProvider. Nothing was sent."
        )
    try:
        with warnings.catch_warnings(action="ignore"):
            return _finder(presidio_analyzer.AnalyzerEngineProvider(analyzer_engine_conf_file=engine).create_engine())
    except (Exception, SystemExit) as error:  # spaCy ends the process where a model cannot be downloaded
        raise ConfigError(
            f"generation.identifiers={engine}: Presidio makes no engine of it: {error}. Install the language model "
            "that it names. Nothing was sent."
        ) from error


def _finder(engine: Any) -> Callable[[str], Iterator[Identifier]]:
    language = engine.supported_languages[0]
    wanted = sorted(set(engine.get_supported_entities(language)) - set(LEFT_OUT))

    def find(text: str) -> Iterator[Identifier]:
        for found in engine.analyze(text, language=language, entities=wanted, score_threshold=SURE):
            yield Identifier(found.entity_type.replace("_", " ").lower(), found.start, found.end)

    return find


def _without_model() -> Any:
    """Return an engine for words that needs no model."""
    import spacy
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    engine = SpacyNlpEngine()
    engine.nlp = {"en": spacy.blank("en")}
    return engine


def _ask_no_network() -> None:
    """Let the library that knows the ends of mail addresses take the list that comes with it, and load none."""
    import tldextract

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
