"""Scripts that put no blanks between words, such as Chinese, Japanese and Thai: their texts are not read yet."""

from __future__ import annotations

import re

_WITHOUT_BLANKS = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff66-\uff9f\U00020000-\U0003ffff]"
)

NOT_READ = (
    "Texts without blanks between words (Chinese, Japanese, Thai ...) are not read yet: an entity is found by words"
)


def is_without_blanks(text: str) -> bool:
    """Say whether a text holds characters of such a script."""
    return _WITHOUT_BLANKS.search(text) is not None
