"""The server of the review page, on this machine alone unless another host is asked for."""

from __future__ import annotations

import errno
import os
import secrets
import socket
from collections.abc import Sequence
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path

from clinsynth.errors import ConfigError
from clinsynth.review import folder as folders
from clinsynth.review.token import TOKEN

PAGE = Path(__file__).with_name("page.py")


def serve(folder: Path, *, annotators: Sequence[str], host: str, port: int, browser: bool) -> None:
    """Run the page until Ctrl-C; raises ConfigError where there is no review, no Streamlit or no such port."""
    folders.read_review(folder)
    if find_spec("streamlit") is None:
        raise ConfigError("the review page needs Streamlit: pip install 'clinsynth[review]'.")
    _check_free(host, port)
    os.environ[TOKEN] = "" if _is_loopback(host) else secrets.token_urlsafe(16)
    known = f"/?token={os.environ[TOKEN]}" if os.environ[TOKEN] else ""
    print(f"Review page: http://{_shown(host)}:{port}{known}   answers: {folder / folders.ANSWERS}   (Ctrl-C ends it)")
    if known:
        print(
            f"review.host={host} lets others in: whoever has this address reads the texts and answers, and it travels "
            "unencrypted. Give it to annotators alone; the next start has another one."
        )
    _run(["run", str(PAGE), *_settings(host, port, browser), "--", str(folder.resolve()), *annotators])
    print("The page is closed; every answer is saved, and the same command goes on from there.")


def _run(words: list[str]) -> None:
    """Run Streamlit in this process, so that no server outlives it; SIGINT and SIGTERM end it."""
    from streamlit import net_util
    from streamlit.web import cli

    net_util.get_external_ip = lambda: None  # it asks a host outside when a page of another site calls
    cli.main(words, prog_name="streamlit", standalone_mode=False)


def _settings(host: str, port: int, browser: bool) -> list[str]:
    """Return all settings that protect the texts, since a user's own `.streamlit/config.toml` may say otherwise."""
    settings = {
        "server.address": host,
        "server.port": port,
        "server.headless": not browser,
        "server.showEmailPrompt": False,
        "server.enableCORS": True,
        "server.enableXsrfProtection": True,
        "server.fileWatcherType": "none",
        "server.runOnSave": False,
        "browser.gatherUsageStats": False,
        "client.toolbarMode": "minimal",
        "client.showErrorLinks": False,
        "global.developmentMode": False,
        "logger.hideWelcomeMessage": True,
        "logger.level": "warning",
        "runner.magicEnabled": False,
        "theme.light.primaryColor": "#2f7d86",
        "theme.dark.primaryColor": "#3f97a1",
    }
    words = [f"--{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in settings.items()]
    # A page of another site cannot pose as this one by a name of its own for 127.0.0.1.
    allowed = ("localhost", "127.0.0.1", "[::1]", host) if _is_loopback(host) else ()
    return [*words, *(f"--server.allowedHosts={name}" for name in allowed)]


def _check_free(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise ConfigError(
                f"review.host={host} is no address of this machine: 127.0.0.1 is its own, 0.0.0.0 stands for all."
            ) from error
        raise ConfigError(
            f"port {port} cannot be used ({error.strerror}): another page may be open there. "
            f"review.port={port + 1} takes another one."
        ) from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(host: str) -> str:
    """Return a host as an address has it."""
    return {"0.0.0.0": "localhost", "::": "localhost"}.get(host, f"[{host}]" if ":" in host else host)
