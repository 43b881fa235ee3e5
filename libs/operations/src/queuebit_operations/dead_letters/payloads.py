"""Who may see what a record holds: whoever has an API key of a role that may."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime

from queuebit_operations.errors import NotAllowed
from queuebit_store.directory.keys import hash_secret, parse_key
from queuebit_store.directory.port import Directory

KEY_VARIABLE = "QUEUEBIT_API_KEY"
PEPPER_VARIABLE = "QUEUEBIT_PEPPER"
ROLES = frozenset({"operator", "admin"})
_ROLES = " or ".join(sorted(ROLES))
_REMEDY = f"Set {KEY_VARIABLE} to a live key of the role {_ROLES}, and {PEPPER_VARIABLE} as the gateway has it."


async def require_sight(directory: Directory, env: Mapping[str, str], now: datetime) -> str:
    """The id of the key that allows it. Raises NotAllowed."""
    parsed = parse_key(env.get(KEY_VARIABLE, ""))
    if parsed is None:
        raise NotAllowed("Payloads are shown to whoever has a key that allows it.", remedy=_REMEDY)
    row = (await directory.find_keys([parsed.key_id])).get(parsed.key_id)
    offered = hash_secret(env.get(PEPPER_VARIABLE, "").encode(), parsed.secret)
    matches = hmac.compare_digest(offered, row.secret_hash if row is not None else bytes(len(offered)))
    live = row is not None and row.revoked_at is None and (row.expires_at is None or row.expires_at > now)
    if row is None or not matches or not live:
        raise NotAllowed(f"The key {parsed.key_id} is not known here, or no longer.", remedy=_REMEDY)
    if row.role not in ROLES:
        raise NotAllowed(f"The role {row.role} does not see payloads.", remedy=_REMEDY)
    return row.key_id
