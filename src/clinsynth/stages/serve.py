"""A chat model answers OpenAI's protocol, and has a page, on this machine alone."""

from __future__ import annotations

from clinsynth.config import ServeConfig
from clinsynth.stages import Job
from clinsynth.stages.chat import open_named
from clinsynth.stages.frame import Frame


def main(settings: ServeConfig, *, job: Job) -> None:
    """Run the server until Ctrl-C."""
    frame = Frame.open(settings.tracking, paths=settings.paths, job=job)
    folder, model = open_named(settings.model, talk=settings.talk, ledger=frame.ledger)
    from clinsynth.learning.causal.serving import ChatServer

    talk = settings.talk
    with ChatServer(
        model, name=folder.name, port=settings.port, pieces=talk.pieces, temperature=talk.temperature
    ) as server:
        print(f"{folder.name} answers at {server.url}/v1; the page is {server.url}/ (Ctrl-C ends it)", flush=True)
        print(f"As an LLM: llm=local llm.base_url={server.url}/v1 llm.model={folder.name} llm.trusted=true", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print("The server is closed; nothing of what was said is kept.")
