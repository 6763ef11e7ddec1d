"""Puts labels that an LLM gave row by row into the form of recorded requests: those of material=texts.

`python benchmarks/real_recording.py ncbi_disease real.jsonl shots.json folder` writes into the folder the recordings
`ncbi_disease.real.mentions.jsonl`, with the row numbers of texts and shots beside them. Lines of `real.jsonl` are
`{"row": 12, "mentions": []}`; `shots.json` is `{"rows": [...]}`, in the order in which the rows were shown.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from hydra import compose, initialize_config_dir

from clinsynth import config, corpora, tasks
from clinsynth.artifacts import write_whole
from clinsynth.files.json_lines import json_lines
from clinsynth.llm.row_answers import read_row_answers, recorded_rows
from clinsynth.stages import asking, resolving


def main(dataset: str, answers: Path, shots: Path, folder: Path) -> None:
    """Write the three files."""
    found, shown = read_row_answers(answers), json.loads(shots.read_text(encoding="utf-8"))["rows"]
    files = {name: folder / f"{dataset}.real.{name}.json" for name in ("rows", "shots")}
    write_whole(files["rows"], json.dumps({"rows": list(found)}) + "\n")
    write_whole(files["shots"], json.dumps({"rows": shown}) + "\n")
    words = [
        *(f"dataset={dataset}", "material=texts", "annotator=llm", "llm=local", "llm.model=m"),
        *(f"annotator.shots={len(shown)}", f"annotator.shots_from={files['shots']}", f"texts.rows={files['rows']}"),
    ]
    config.register(tasks.schemas())
    with initialize_config_dir(str(config.conf_folder()), version_base="1.3"):
        settings = config.typed(compose("generate", overrides=words), config.STAGES["generate"])
    recipe = resolving.load_and_resolve(settings).recipe
    requests = corpora.Generation(
        recipe, corpora.plan_requests(recipe, completions=asking.completions_of(settings))
    ).requests
    first = {recipe.gold.train[row].tokens: row for row in reversed(found)}
    rows = [first[text.tokens] for text in recipe.gold.texts]
    size = recipe.writing.per_request
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    lines = list(recorded_rows(requests, rows=batches, answers=found, model="claude"))
    write_whole(folder / f"{dataset}.real.mentions.jsonl", json_lines(lines))
    print(f"{len(lines)} recordings of {len(rows)} texts; left out: {recipe.gold.left_out}")


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:5]))
