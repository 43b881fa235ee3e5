"""The words of MPS files: sections, types of bounds, infinities, and what is not read."""

from __future__ import annotations

import re

INTEGERS_PARAM = (
    "of MPS: what an integer column without bounds is, which programs read differently: binary, or unbounded"
)
REMEDY = "MPS reads NAME, OBJSENSE, ROWS, COLUMNS, RHS, RANGES, BOUNDS, QUADOBJ or QMATRIX, and ENDATA."
SENSE_IN_COMMENT = re.compile(r"^\*\s*SENSE\s*:\s*max", re.IGNORECASE | re.MULTILINE)
INFINITE = ("inf", "+inf", "infinity", "+infinity")
SECTIONS = ("NAME", "OBJSENSE", "ROWS", "COLUMNS", "RHS", "RANGES", "BOUNDS", "QUADOBJ", "QMATRIX", "ENDATA")
SIDES = {"UP": "u", "UI": "u", "PL": "u", "LO": "l", "LI": "l", "MI": "l", "FX": "lu", "FR": "lu", "BV": "lu"}
NOT_READ = {
    "SOS": "special ordered sets",
    "QCMATRIX": "quadratic constraints",
    "QSECTION": "QSECTION, whose halves programs read differently",
    "INDICATORS": "conditions of constraints",
    "CSECTION": "cones",
    "LAZYCONS": "lazy constraints",
    "GENCONS": "general constraints",
}


def is_mps(text: str) -> bool:
    """Whether it begins as an MPS file does, with NAME, OBJSENSE or ROWS at the start of a line."""
    found = ""
    for content in text[:20_000].splitlines():
        word = content.split(None, 1)[0] if content.strip() and content[0] not in "*$ \t" else ""
        if word in ("NAME", "OBJSENSE") and not found:
            found = word
        elif word:
            return word in ("ROWS", "OBJSENSE", "OBJSENSE_MAX") and (bool(found) or word == "ROWS")
    return False
