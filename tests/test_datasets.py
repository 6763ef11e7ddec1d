from __future__ import annotations

from pathlib import Path

import pytest

from clinsynth import datasets, tasks
from clinsynth.config import DatasetConfig, FileConfig
from clinsynth.errors import ConfigError, DataFormatError
from support import CORPORA, Composed, dataset, needs_corpora, sentence, sha256

CONTENT = b"mild\tO\nataxia\tB-Disease\n\nDMD\tB-Disease\n.\tO\n"
TWO = [sentence("mild/O ataxia/B"), sentence("DMD/B ./O")]
SENTENCES = {
    "ncbi_disease": (5424, 923, 940),
    "bc5cdr_disease": (4560, 4581, 4797),
    "bc5cdr_chemical": (4560, 4581, 4797),
}
MENTIONS = {
    "ncbi_disease": (5134, 787, 960),
    "bc5cdr_disease": (4182, 4246, 4424),
    "bc5cdr_chemical": (5203, 5347, 5385),
}
OVERLAP = {"ncbi_disease": 1, "bc5cdr_disease": 8, "bc5cdr_chemical": 8}


def opened(settings: DatasetConfig, *, data: Path) -> datasets.Gold:
    return datasets.open_gold(tasks.open(settings), data=data)


def load(content: bytes, *, folder: Path, sha: str | None = None) -> datasets.Gold:
    """A dataset whose two splits are the same file."""
    path = folder / "mine.tsv"
    path.write_bytes(content)
    file = FileConfig(path=str(path), sha256=sha)
    return opened(dataset(train=file, test=file), data=folder)


@pytest.mark.parametrize(
    "content",
    [
        CONTENT,
        CONTENT.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + CONTENT,
        b"\xef\xbb\xbf" + CONTENT.replace(b"\n", b"\r\n"),
        CONTENT + b"\n\n\n",
        CONTENT.rstrip(b"\n"),
    ],
    ids=["plain", "CRLF", "BOM", "BOM and CRLF", "trailing blank lines", "no final newline"],
)
def test_good_files_are_read_alike(tmp_path: Path, content: bytes) -> None:
    gold = load(content, folder=tmp_path, sha=sha256(content))
    assert (gold.train, gold.test, gold.devel) == (TWO, TWO, [])
    assert gold.hashes == {"train": sha256(content), "test": sha256(content)}


def test_text_beyond_ascii_is_kept(tmp_path: Path) -> None:
    assert load("β\tO\nnaïve\tO\n".encode(), folder=tmp_path).train[0].tokens == ("β", "naïve")


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"mild\tO\nataxia\n", 2, "column"),
        (b"mild\tO\n\nDMD\tNN\tB-Disease\n", 3, "column"),
        (b"mild\tI-Disease\n", 1, "follows no entity"),
        (b"mild\tO\nDMD\tB-Drug\n", 2, "unknown tag 'B-Drug'"),
        (b"mild\tO\n\xe4taxia\tO\n", 2, "byte 0xe4 is not UTF-8"),
        ("mild\tO\n".encode("utf-16"), 1, "is not UTF-8"),
    ],
    ids=["one column", "three columns", "orphan I-", "unknown tag", "latin1", "UTF-16"],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, content: bytes, line: int, said: str) -> None:
    with pytest.raises(DataFormatError) as raised:
        load(content, folder=tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / 'mine.tsv'}:{line}: ")
    assert said in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\xef\xbb\xbf"])
def test_an_empty_split_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataFormatError, match=r"mine\.tsv: the train split of mine is empty"):
        load(content, folder=tmp_path)


def test_a_wrong_sha256_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match=f"expected is {'0' * 64}"):
        load(CONTENT, folder=tmp_path, sha="0" * 64)


def test_a_missing_file_is_named(workspace: Path) -> None:
    missing = FileConfig(path="no/mine.tsv")
    with pytest.raises(ConfigError, match=r"no file at no/mine\.tsv") as raised:
        opened(dataset(train=missing, test=missing), data=workspace)
    assert str(workspace) in str(raised.value)


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_missing_split_is_named(tmp_path: Path, split: str) -> None:
    (tmp_path / "mine.tsv").write_bytes(CONTENT)
    files = {name: FileConfig(path=str(tmp_path / "mine.tsv")) for name in {"train", "test"} - {split}}
    with pytest.raises(ConfigError, match=f"has no {split} file: give one as dataset.files.{split}.path="):
        opened(dataset(**files), data=tmp_path)


def test_devel_is_read_where_there_is_one(tmp_path: Path) -> None:
    (tmp_path / "mine.tsv").write_bytes(CONTENT)
    (tmp_path / "devel.tsv").write_bytes(b"gout\tB-Disease\n")
    file, devel = (FileConfig(path=str(tmp_path / name)) for name in ("mine.tsv", "devel.tsv"))
    gold = opened(dataset(train=file, test=file, devel=devel), data=tmp_path)
    assert gold.devel == [sentence("gout/B")]
    assert set(gold.hashes) == {"train", "devel", "test"}


def test_a_file_that_changes_is_read_again(tmp_path: Path) -> None:
    assert load(CONTENT, folder=tmp_path).train == TWO
    assert load(b"gout\tB-Disease\n", folder=tmp_path).train == [sentence("gout/B")]


def test_the_same_file_with_another_entity_type_is_read_again(tmp_path: Path) -> None:
    load(CONTENT, folder=tmp_path)
    other = dataset(train=FileConfig(path=str(tmp_path / "mine.tsv")), test=FileConfig(path=str(tmp_path / "mine.tsv")))
    other.entity_type = "Chemical"
    with pytest.raises(DataFormatError, match="unknown tag 'B-Disease'"):
        opened(other, data=tmp_path)


def test_the_sample_corpus_ships_with_the_package(composed: Composed) -> None:
    gold = opened(composed("train", "dataset=sample_ner").dataset, data=Path("data"))
    assert (len(gold.train), len(gold.devel), len(gold.test)) == (130, 0, 130)
    assert all(mention for example in [*gold.train, *gold.test] for mention in example.mentions)
    assert not {example.text for example in gold.train} & {example.text for example in gold.test}


@needs_corpora
@pytest.mark.parametrize("name", SENTENCES)
def test_counts_of_the_gold_corpora(name: str, composed: Composed) -> None:
    from clinsynth.stages import train
    from clinsynth.tasks.ner import examples

    gold = opened(composed("train", f"dataset={name}").dataset, data=CORPORA)
    counts = [examples.describe(split) for split in (gold.train, gold.devel, gold.test)]
    assert tuple(count["sentences"] for count in counts) == SENTENCES[name]
    assert tuple(count["mentions"] for count in counts) == MENTIONS[name]
    assert train._overlap(gold) == OVERLAP[name]
