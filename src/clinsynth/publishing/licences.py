"""Licences in the words of the hub."""

from __future__ import annotations

import re
from typing import Any

_ON_HUB = """
afl-3.0 agpl-3.0 apache-2.0 artistic-2.0 bsd bsd-2-clause bsd-3-clause bsd-3-clause-clear bsl-1.0 c-uda cc cc-by-2.0
cc-by-2.5 cc-by-3.0 cc-by-4.0 cc-by-nc-2.0 cc-by-nc-3.0 cc-by-nc-4.0 cc-by-nc-nd-3.0 cc-by-nc-nd-4.0 cc-by-nc-sa-2.0
cc-by-nc-sa-3.0 cc-by-nc-sa-4.0 cc-by-nd-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 cdla-permissive-1.0 cdla-permissive-2.0
cdla-sharing-1.0 epl-1.0 epl-2.0 etalab-2.0 eupl-1.1 eupl-1.2 gemma gfdl gpl gpl-2.0 gpl-3.0 isc lgpl lgpl-2.1 lgpl-3.0
llama2 llama3 llama3.1 llama3.2 llama3.3 mit mpl-2.0 ms-pl odbl odc-by openrail pddl unknown unlicense wtfpl zlib
"""


def named(name: str) -> dict[str, Any]:
    """Return a licence as keys of a card's head, of which the hub accepts no others."""
    folded = name.strip().casefold()
    if folded in _ON_HUB.split():
        return {"license": folded}
    return {"license": "other", "license_name": re.sub(r"[^\w.]+", "-", folded)[:60].strip("-")}
