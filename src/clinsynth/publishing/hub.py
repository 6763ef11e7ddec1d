"""Taking an exported folder to the Hugging Face hub, or to what `HF_ENDPOINT` names in its place."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from huggingface_hub import HfApi, constants, get_token
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils._validators import validate_repo_id

from clinsynth.errors import ClinsynthError, ConfigError, Unreachable

_TRANSPORT: tuple[type[Exception], ...] = (
    HfHubHTTPError.__mro__[1],
    ConnectionError,
)  # of httpx, whichever the hub has
_REFUSED = {401: "the token is not known there", 402: "it wants to be paid", 403: "the token may not write there"}


def check_name(repository: str) -> None:
    """Raise ConfigError for what cannot be the name of a repository."""
    try:
        validate_repo_id(repository)
    except HFValidationError as error:
        raise ConfigError(f"push={repository} is no name of a repository: {_short(error)}") from error
    if "/" not in repository:
        raise ConfigError(f"push={repository} lacks its owner: push=me/{repository}, where me is your name on the hub.")


def push(folder: Path, *, repository: str, kind: str, files: Sequence[str], private: bool) -> str:
    """Upload these files of the folder into a repository (`dataset` or `model`), made if need be; return its address.

    Raise ConfigError without a token, for one that is refused, and where a public repository shall be private;
    Unreachable where the hub does not answer.
    """
    again = f"The export is in {folder}: the same command again goes on with the push."
    token = get_token()
    if token is None:
        raise ConfigError(
            f"push={repository} needs a token that may write: set HF_TOKEN, or log in with `hf auth login`. {again}"
        )
    for library in ("httpx", "httpx2", "httpcore", "httpcore2"):
        logging.getLogger(library).setLevel(logging.WARNING)  # a line a request; their debug lines hold the token
    api = HfApi(token=token)
    try:
        address = api.create_repo(repository, repo_type=kind, private=private, exist_ok=True)
        if private and not api.repo_info(repository, repo_type=kind).private:
            raise ConfigError(
                f"push={repository}: the {kind} is there already, and everybody sees it. private=false says that this "
                f"is meant; else name another repository, or make it private on the hub. {again}"
            )
        api.upload_folder(
            folder_path=folder,
            repo_id=repository,
            repo_type=kind,
            allow_patterns=list(files),
            commit_message="Export of clinsynth",
        )
    except HfHubHTTPError as error:
        raise _refusal(error, repository=repository, token=token, again=again) from error
    except _TRANSPORT as error:
        reason = _short(error).replace(token, "***")
        raise Unreachable(
            f"push={repository}: {constants.ENDPOINT} does not answer ({reason}). Is there a network, and is "
            f"HF_HUB_OFFLINE unset? {again}"
        ) from error
    except ValueError as error:  # a card that the hub does not like, storage that is full
        raise ConfigError(f"push={repository}: {_short(error).replace(token, '***')} {again}") from error
    return str(address)


def _refusal(error: HfHubHTTPError, *, repository: str, token: str, again: str) -> ClinsynthError:
    status = error.response.status_code
    said = (error.server_message or _short(error)).replace(token, "***")
    why = _REFUSED.get(status, "")
    message = (
        f"push={repository}: {constants.ENDPOINT} refuses it ({status}{': ' + why if why else ''}; {said}). {again}"
    )
    return Unreachable(message) if status >= 500 or status == 429 else ConfigError(message)


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
