"""What runs in the process of HiGHS: a model comes in as JSON, better answers and the end go out, a line of JSON each.

It is a process of its own because OR-Tools and highspy each bring a library of HiGHS of the same name and another version:
where one is loaded the other fails to load. It ends soon after its parent does.
"""

from __future__ import annotations

import json
import math
import os
import sys
from typing import Any


def main() -> None:
    """Solve the model of standard input."""
    _say(_Run(json.load(sys.stdin)).end())


class _Run:
    """One run of HiGHS."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told
        self._parent = os.getppid()
        self._asked = 0
        self._over = ""

    def end(self) -> dict[str, Any]:
        """How it ended: what ended it, HiGHS's word for it, the bound, the best values, and the work that was done."""
        import highspy

        highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
        for name, value in self._told["options"].items():
            highs.setOptionValue(name, value)
        highs.passModel(self._model(highspy))
        if self._told["start"] is not None:
            start = highspy.HighsSolution()
            start.col_value = [float(value) for value in self._told["start"]]
            highs.setSolution(start)
        highs.cbMipImprovingSolution += self._improved
        highs.cbMipInterrupt += self._asks
        highs.run()
        info = highs.getInfo()
        bound = float(info.mip_dual_bound)
        return {
            "status": highs.modelStatusToString(highs.getModelStatus()),
            "over": self._over or "time",
            "bound": bound if math.isfinite(bound) else None,
            "values": _finite(highs.getSolution().col_value),
            "nodes": max(0, int(info.mip_node_count)),
            "asked": self._asked,
        }

    def _model(self, highspy: Any) -> Any:
        import numpy as np

        told, lp = self._told, highspy.HighsLp()
        rows = told["rows"]
        lp.num_col_, lp.num_row_ = len(told["costs"]), len(rows)
        lp.sense_ = highspy.ObjSense.kMaximize if told["most"] else highspy.ObjSense.kMinimize
        lp.offset_ = told["offset"]
        lp.col_cost_ = np.array(told["costs"], dtype=float)
        lp.col_lower_ = np.array([low for low, _ in told["ranges"]], dtype=float)
        lp.col_upper_ = np.array([high for _, high in told["ranges"]], dtype=float)
        lp.row_lower_ = np.array([-math.inf if low is None else low for _, low, _ in rows], dtype=float)
        lp.row_upper_ = np.array([math.inf if high is None else high for _, _, high in rows], dtype=float)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.cumsum([0, *(len(terms) for terms, _, _ in rows)], dtype=np.int32)
        lp.a_matrix_.index_ = np.array([i for terms, _, _ in rows for i, _ in terms], dtype=np.int32)
        lp.a_matrix_.value_ = np.array([a for terms, _, _ in rows for _, a in terms], dtype=float)
        lp.integrality_ = [highspy.HighsVarType.kInteger] * lp.num_col_
        return lp

    def _asks(self, event: Any) -> None:
        """HiGHS asks, at fixed points of its work, whether it should end: so the questions count the work."""
        self._asked += 1
        if self._asked >= self._told["asked_max"]:
            self._over = "work"
        elif os.getppid() != self._parent:
            self._over = "stop"
        event.interrupt(bool(self._over))

    def _improved(self, event: Any) -> None:
        _say({"values": _finite(event.data_out.mip_solution)})


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(f"{json.dumps(what)}\n")
    sys.stdout.flush()


def _finite(values: Any) -> list[float]:
    """The values, none where one of them is no number."""
    found = [float(value) for value in values]
    return found if all(map(math.isfinite, found)) else []


if __name__ == "__main__":
    main()
