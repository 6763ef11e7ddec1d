from __future__ import annotations

import gzip
import re
import subprocess
from pathlib import Path

import pytest

from clinsynth import datasets, tasks
from clinsynth.config import DatasetConfig, FileConfig, FilesConfig
from clinsynth.errors import ConfigError, DataFormatError
from clinsynth.files.terms import read_terms
from clinsynth.tasks.relation.config import RelationDataset
from clinsynth.text.entities import Sentence
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
        (b"mild\tO\nDMD\tB-Drug\n", 2, "unknown tag 'B-Drug'"),
        (b"mild\tO\n\xe4taxia\tO\n", 2, "byte 0xe4 is not UTF-8"),
        ("mild\tO\n".encode("utf-16"), 1, "is not UTF-8"),
    ],
    ids=["one column", "three columns", "unknown tag", "latin1", "UTF-16"],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, content: bytes, line: int, said: str) -> None:
    with pytest.raises(DataFormatError) as raised:
        load(content, folder=tmp_path)
    assert str(raised.value).startswith(f"{tmp_path / 'mine.tsv'}:{line}: ")
    assert said in str(raised.value)


BIOES = "a\tO\nlate\tB-Disease\nonset\tI-Disease\nataxia\tE-Disease\n\nDMD\tS-Disease\n"
BILOU = BIOES.replace("E-", "L-").replace("S-", "U-")
IOB1 = "a\tO\nlate\tI-Disease\nonset\tI-Disease\nataxia\tI-Disease\n\nDMD\tI-Disease\n"
IOB2 = [sentence("a/O late/B onset/I ataxia/I"), sentence("DMD/B")]
QUOTED = [sentence("“/O gout/B ”/O")]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (BIOES, IOB2),
        (BILOU, IOB2),
        (IOB1, IOB2),
        ("The O\n\ngout   B-Disease\n", [sentence("The/O"), sentence("gout/B")]),
        ("The\tDT\tB-NP\tO\ngout\tNN\tI-NP\tB-Disease\n", [sentence("The/O gout/B")]),
        ("The DT B-NP O\ngout NN I-NP B-Disease\n", [sentence("The/O gout/B")]),
        ("The\tO\t0\n\ngout\tB-Disease\t4\n", [sentence("The/O"), sentence("gout/B")]),
        ('{"text": "The gout.", "entities": [[4, 8, "Disease"]]}\n', None),
    ],
)
def test_other_columns_and_schemes_are_read(tmp_path: Path, content: str, expected: list[Sentence] | None) -> None:
    found = load(content.encode(), folder=tmp_path).train
    if expected is None:
        assert [(one.text, one.mentions) for one in found] == [("The gout.", ["gout"])]
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("content", "said", "expected"),
    [
        (b"The\tO\n\tO\n \tO\n\ngout\tB-Disease\n", "empty token", [sentence("The/O"), sentence("gout/B")]),
        (b"\x93\tO\ngout\tB-Disease\n\x94\tO\n", "iconv -f cp1252", QUOTED),
        ("\x93\tO\ngout\tB-Disease\n\x94\tO\n".encode(), "as if it were Latin-1", QUOTED),
        ("“\tO\ngout\tB-Disease\n”\tO\n".encode("utf-16-le"), "UTF-16LE", QUOTED),
        ("“\tO\ngout\tB-Disease\n”\tO\n".encode("utf-16-be"), "UTF-16BE", QUOTED),
        ("“\tO\ngout\tB-Disease\n”\tO\n".encode("utf-16"), "UTF-16", QUOTED),
        ("“\tO\ngout\tB-Disease\n”\tO\n".encode("utf-32-le"), "UTF-32LE", QUOTED),
        ("痛风\tO\r\n发作\tB-Disease\r\n".encode("gb18030"), "gb18030", [sentence("痛风/O 发作/B")]),
        (b"The\tO\rgout\tB-Disease\r", "old Macs", [sentence("The/O gout/B")]),
        ("“\tO\ngout\tB-Disease\n".encode() + b"\xff\n", "The rest of the file is", None),
    ],
)
def test_the_command_of_a_message_converts_the_file(
    tmp_path: Path, content: bytes, said: str, expected: list[Sentence] | None
) -> None:
    with pytest.raises(DataFormatError) as raised:
        load(content, folder=tmp_path)
    assert said in str(raised.value)
    commands = re.findall("`((?:iconv|tr|cut|sed|awk) [^`]+)`", str(raised.value))
    subprocess.run(commands[-1], shell=True, check=True)
    if expected is not None:
        assert load((tmp_path / "converted-mine.tsv").read_bytes(), folder=tmp_path).train == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(CONTENT, mtime=0), "compressed (gzip). Unpack it: `gunzip --keep "),
        (b"PK\x03\x04\x14\x00\x06\x00\xff", "document of an office program (xlsx, docx)"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "is a PDF"),
        (b"mild\tO\n\x00\xfe\x01\x02\n", "binary, or damaged"),
        (b"mild\tO\n\x00\tO\n", "binary, or damaged"),
        ("боль\tO\nподагра\tB-Disease\n".encode("cp1251"), "`file -bi "),
    ],
)
def test_what_is_no_text_is_not_said_to_be_latin(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(DataFormatError) as raised:
        load(content, folder=tmp_path)
    assert said in str(raised.value)
    assert "cp1252" not in str(raised.value)


def test_a_folder_is_not_said_to_be_absent(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "terms.txt").write_bytes(b"gout\n")
    folder = FileConfig(path=str(tmp_path / "mine"))
    for said in ("which is a folder. Name a file in it: terms.txt", "it has none"):
        with pytest.raises(ConfigError, match=said):
            opened(RelationDataset("mine", "relation", files=FilesConfig(train=folder, test=folder)), data=tmp_path)
        with pytest.raises(ConfigError, match=f"no list of terms at .*{said}"):
            read_terms(tmp_path / "mine")
        (tmp_path / "mine" / "terms.txt").unlink(missing_ok=True)


def test_a_folder_of_annotated_texts_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    for name, content in (("a.tsv", CONTENT), ("b.tsv", CONTENT)):
        (folder / name).write_bytes(content)
    file = FileConfig(path=str(folder))
    first = opened(dataset(train=file, test=file), data=tmp_path)
    assert first.train == TWO + TWO
    (folder / "b.tsv").write_bytes(CONTENT.replace(b"mild", b"bad"))
    assert opened(dataset(train=file, test=file), data=tmp_path).hashes != first.hashes
    for path in folder.iterdir():
        path.unlink()
    with pytest.raises(DataFormatError, match="it holds no files"):
        opened(dataset(train=file, test=file), data=tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b"\xef\xbb\xbf"])
def test_an_empty_split_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataFormatError, match=r"mine\.tsv: the train split of mine is empty"):
        load(content, folder=tmp_path)


def test_a_wrong_sha256_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match=f"expected is {'0' * 64}.* dataset.files.train.sha256=null"):
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
    from clinsynth.stages import gathering
    from clinsynth.tasks.ner import examples

    gold = opened(composed("train", f"dataset={name}").dataset, data=CORPORA)
    counts = [examples.describe(split) for split in (gold.train, gold.devel, gold.test)]
    assert tuple(count["sentences"] for count in counts) == SENTENCES[name]
    assert tuple(count["mentions"] for count in counts) == MENTIONS[name]
    assert gathering.overlap(gold) == OVERLAP[name]


def relations(file: FileConfig, *, folder: Path) -> datasets.Gold:
    return opened(RelationDataset("mine", "relation", files=FilesConfig(train=file, test=file)), data=folder)


def test_files_of_every_task_may_have_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "mine.tsv"
    path.write_bytes("“@GENE$” and @DISEASE$\t1\n".encode("cp1252"))
    gold = relations(FileConfig(path=str(path), encoding="cp1252"), folder=tmp_path)
    assert [row.text for row in gold.train] == ["“@GENE$” and @DISEASE$"]
    assert gold.hashes["train"] != sha256(path.read_bytes())


def test_a_format_is_for_tasks_that_read_annotated_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.tsv"
    path.write_text("@GENE$ and @DISEASE$\t1\n", encoding="utf-8")
    assert relations(FileConfig(path=str(path)), folder=tmp_path).hashes["train"] == sha256(path.read_bytes())
    with pytest.raises(ConfigError, match="name a format or columns, and relation has files of its own form"):
        relations(FileConfig(path=str(path), format="brat"), folder=tmp_path)
