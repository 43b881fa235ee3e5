"""Programs as HiGHS reads them, in a process of its own: OR-Tools brings another HiGHS. Names of files in, JSON out."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from typing import Any


def read(file: str) -> dict[str, Any]:
    """Columns with costs and bounds, rows with terms and sides, and the quadratic part, all by name."""
    import highspy

    highs: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    highs.setOptionValue("output_flag", False)
    status = highs.readModel(file)
    lp, model = highs.getLp(), highs.getModel()
    matrix = lp.a_matrix_
    starts, index, value = list(matrix.start_), list(matrix.index_), list(matrix.value_)
    names = list(lp.col_names_)
    terms: list[dict[str, float]] = [{} for _ in range(lp.num_row_)]
    for column, (first, end) in enumerate(pairwise(starts)):
        for row, number in zip(index[first:end], value[first:end], strict=True):
            terms[row][names[column]] = number
    hessian = model.hessian_
    quadratic: dict[str, float] = {}
    for j in range(hessian.dim_):
        for k in range(hessian.start_[j], hessian.start_[j + 1]):
            i = hessian.index_[k]
            pair = " ".join(sorted((names[i], names[j])))
            quadratic[pair] = quadratic.get(pair, 0.0) + hessian.value_[k] * (0.5 if i == j else 1.0)
    return {
        "ok": status != highspy.HighsStatus.kError,
        "most": lp.sense_ == highspy.ObjSense.kMaximize,
        "offset": lp.offset_,
        "costs": {name: cost for name, cost in zip(names, lp.col_cost_, strict=True) if cost},
        "bounds": {n: [a, b] for n, a, b in zip(names, lp.col_lower_, lp.col_upper_, strict=True)},
        "rows": [
            {"terms": row, "lower": low, "upper": high}
            for row, low, high in zip(terms, lp.row_lower_, lp.row_upper_, strict=True)
        ],
        "quadratic": {pair: value for pair, value in quadratic.items() if value},
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps([read(file) for file in sys.argv[1:]]))
