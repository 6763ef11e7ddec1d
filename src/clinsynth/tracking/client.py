"""MLflow's client, which asks again where the server died in the middle of an answer."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from requests.exceptions import ChunkedEncodingError

TRIES = 3


class Client(MlflowClient):
    """A client for stores that may go away and come back.

    MLflow waits for a server that does not answer (`MLFLOW_HTTP_REQUEST_MAX_RETRIES`), and gives up where the head of
    an answer came and its body did not.
    """

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return _asked_again(found) if callable(found) and not name.startswith("_") else found


def _asked_again(ask: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(ask)
    def asked(*args: Any, **kwargs: Any) -> Any:
        for _ in range(TRIES - 1):
            try:
                return ask(*args, **kwargs)
            except (MlflowException, ChunkedEncodingError) as error:
                if not _is_torn(error):
                    raise
        return ask(*args, **kwargs)

    return asked


def _is_torn(error: Exception) -> bool:
    return isinstance(error, ChunkedEncodingError) or isinstance(error.__context__, ChunkedEncodingError)
