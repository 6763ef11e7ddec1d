"""Tests of what gives something away: a mark, texts, a model; each is a run, as the comparison with gold is."""

from __future__ import annotations

from functools import partial

from clinsynth.config import AnalyseConfig, Detect
from clinsynth.files.json_lines import write_json_lines
from clinsynth.reports.detections import detection_markdown, show_detection
from clinsynth.stages import Job, naming
from clinsynth.stages.detecting import canaries, marks, membership, synthetic
from clinsynth.stages.detecting.question import Finding, Question
from clinsynth.stages.frame import Entry, Frame
from clinsynth.types import Summary

QUESTIONS = {
    Detect.watermark: marks.question,
    Detect.membership: membership.question,
    Detect.synthetic: synthetic.question,
    Detect.canaries: canaries.question,
}

REPORT = "detection.md"


def main(settings: AnalyseConfig, *, job: Job) -> Summary:
    """Run the test that `detect` names; return the summary of the run that has done it, now or before."""
    assert settings.detect is not None
    frame = Frame.open(settings.tracking, paths=settings.paths, job=job, table=settings.tracking.table)
    question = QUESTIONS[settings.detect](settings, job=job, frame=frame)
    with frame.ledger.claim(question.key):
        finished = frame.finished(
            partial(frame.ledger.finished, question.key, corpus=question.corpus),
            force=settings.force,
            skipped="This was tested (run $run): skipped. force=true tests it again.",
        )
        summary = finished or _answered(question, settings=settings, frame=frame)
    where = {"MLflow run": summary.run_id, "folder": str(job.folder)}
    show_detection(question.title, summary.metrics, where=where)
    return summary


def _answered(question: Question, *, settings: AnalyseConfig, frame: Frame) -> Summary:
    entry = Entry(
        question.key,
        experiment=settings.dataset.name,
        name=question.name,
        params=naming.corpus_params(settings, choices=frame.job.choices),
        corpus=question.corpus,
    )
    with frame.begin(entry) as run:
        found = question.answer()
        run.metrics(found.metrics)
        _keep(found, question=question, frame=frame)
        for name in (REPORT, *found.figures):
            run.file(frame.job.folder / name)
        if settings.tracking.may_hold_text(public=settings.dataset.public):
            for name in found.rows:
                run.file(frame.job.folder / name)
        return frame.end(run, Summary(run.id, question.key, question.corpus, None, found.number, found.metrics))


def _keep(found: Finding, *, question: Question, frame: Frame) -> None:
    folder = frame.job.folder
    (folder / REPORT).write_text(detection_markdown(question.title, found.metrics), encoding="utf-8")
    for name, figure in found.figures.items():
        figure.savefig(folder / name)
    for name, rows in found.rows.items():
        write_json_lines(folder / name, rows)
