"""An instance of OMMX (Open Mathematical prograMming eXchange) in the JSON form of its protobuf message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from queuebit_contracts.jobs import Number
from queuebit_problems.errors import UnreadableFile
from queuebit_problems.formats.programs import Column, Draft, Line, add
from queuebit_problems.numeric import VALUE_MAX

REMEDY = "Write the instance with protobuf's json_format.MessageToJson; whole numbers and linear constraints are read."
INFINITE = 10**15


def statement_of_ommx(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The statement of an instance; None for any other document. Raises UnreadableFile, naming the field."""
    if "objective" not in document or not ({"decisionVariables", "decision_variables"} & document.keys()):
        return None
    return _Reader().read(document)


def _get(item: Mapping[str, Any], name: str, default: Any) -> Any:
    """A field by its name in JSON, or in protobuf's own spelling."""
    own = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
    return item.get(name, item.get(own, default))


def _refuse(path: str, detail: str) -> NoReturn:
    raise UnreadableFile(f"The instance of OMMX: {path} {detail}.", remedy=REMEDY)


def _objects(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(value, list):
        _refuse(path, "should be a list")
    for place, item in enumerate(value):
        if not isinstance(item, Mapping):
            _refuse(f"{path}/{place}", "should be an object")
        yield f"{path}/{place}", item


def _id(value: Any, path: str) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        return int(value)
    if type(value) is int and value >= 0:
        return value
    _refuse(path, "should be an id")


def _number(value: Any, path: str) -> Number:
    if type(value) in (int, float) and abs(value) <= VALUE_MAX:
        return int(value) if float(value).is_integer() else float(value)
    _refuse(path, "should be a number of magnitude at most 1e15")


class _Reader:
    def __init__(self) -> None:
        self.draft = Draft()
        self._ids: dict[int, int] = {}

    def read(self, document: Mapping[str, Any]) -> dict[str, Any]:
        for path, one in _objects(_get(document, "decisionVariables", []), "/decisionVariables"):
            self._variable(one, path)
        for field, value in document.items():
            name = field.replace("_", "").lower()
            if value and name.endswith("constraints") and not name.startswith(("constraints", "removed")):
                _refuse(f"/{field[:40]}", "states constraints that are not read")
        if _get(document, "decisionVariableDependency", {}):
            _refuse("/decisionVariableDependency", "states variables by others, which is not read")
        sense = document.get("sense", "SENSE_UNSPECIFIED")
        if sense not in ("SENSE_MINIMIZE", "SENSE_MAXIMIZE", 1, 2):
            _refuse("/sense", "should be SENSE_MINIMIZE or SENSE_MAXIMIZE")
        self.draft.most = sense in ("SENSE_MAXIMIZE", 2)
        objective = document["objective"]
        self.draft.offset = self._function(objective, "/objective", self.draft.linear, self.draft.quadratic)
        for path, one in _objects(document.get("constraints", []), "/constraints"):
            self._constraint(one, path)
        return self.draft.statement(self._about)

    @staticmethod
    def _about(column: Column, detail: str, remedy: str) -> UnreadableFile:
        return UnreadableFile(f"The instance of OMMX: the variable {column.name[:40]} {detail}.", remedy=remedy)

    def _variable(self, one: Mapping[str, Any], path: str) -> None:
        number = _id(one.get("id", 0), f"{path}/id")
        if number in self._ids:
            _refuse(f"{path}/id", "is the id of another variable")
        name = str(one.get("name") or f"x{number}")[:200].replace(" ", "_")
        subscripts = one.get("subscripts", [])
        if isinstance(subscripts, list) and subscripts:
            name += f"[{','.join(str(each)[:20] for each in subscripts[:10])}]"
        while name in self.draft.places:
            name += f"#{number}"
        place = self._ids[number] = self.draft.place(name, 0)
        column = self.draft.columns[place]
        kind = one.get("kind")
        if kind in ("KIND_BINARY", 1):
            column.whole = column.binary = True
        elif kind in ("KIND_INTEGER", 2):
            column.whole = True
        elif kind not in ("KIND_CONTINUOUS", 3):
            _refuse(f"{path}/kind", "should be KIND_BINARY or KIND_INTEGER")
        bound = one.get("bound")
        if isinstance(bound, Mapping):
            column.lower = self._side(bound.get("lower", 0), f"{path}/bound/lower")
            column.upper = self._side(bound.get("upper", 0), f"{path}/bound/upper")
        else:
            column.lower = None
        fixed = _get(one, "substitutedValue", None)
        if fixed is not None:
            column.lower = column.upper = _number(fixed, f"{path}/substitutedValue")

    @staticmethod
    def _side(value: Any, path: str) -> Number | None:
        if value in ("Infinity", "-Infinity") or (type(value) in (int, float) and abs(value) >= INFINITE):
            return None
        return _number(value, path)

    def _place(self, value: Any, path: str) -> int:
        found = self._ids.get(_id(value, path))
        if found is None:
            _refuse(path, "is the id of no variable")
        return found

    def _constraint(self, one: Mapping[str, Any], path: str) -> None:
        row = Line(str(one.get("name") or f"c{_id(one.get('id', 0), f'{path}/id')}")[:200])
        products: dict[tuple[int, int], Number] = {}
        constant = self._function(one.get("function", {}), f"{path}/function", row.terms, products)
        if products:
            _refuse(f"{path}/function", "is quadratic, and only linear constraints are read")
        match one.get("equality"):
            case "EQUALITY_EQUAL_TO_ZERO" | 1:
                row.lower = row.upper = -constant
            case "EQUALITY_LESS_THAN_OR_EQUAL_TO_ZERO" | 2:
                row.upper = -constant
            case _:
                _refuse(f"{path}/equality", "should say = 0 or <= 0")
        self.draft.lines.append(row)

    def _function(
        self, stated: Any, path: str, linear: dict[int, Number], quadratic: dict[tuple[int, int], Number]
    ) -> Number:
        """Add the terms of a function; its constant."""
        if not isinstance(stated, Mapping):
            _refuse(path, "should be an object")
        if "constant" in stated:
            return _number(stated["constant"], f"{path}/constant")
        if "linear" in stated:
            return self._linear(stated["linear"], f"{path}/linear", linear)
        if "quadratic" in stated:
            return self._quadratic(stated["quadratic"], f"{path}/quadratic", linear, quadratic)
        if "polynomial" in stated:
            return self._polynomial(stated["polynomial"], f"{path}/polynomial", linear, quadratic)
        if stated:
            _refuse(f"{path}/{next(iter(stated))[:40]}", "is no constant, linear, quadratic or polynomial function")
        return 0

    def _linear(self, stated: Any, path: str, linear: dict[int, Number]) -> Number:
        if not isinstance(stated, Mapping):
            _refuse(path, "should be an object")
        for where, term in _objects(stated.get("terms", []), f"{path}/terms"):
            place = self._place(term.get("id", 0), f"{where}/id")
            linear[place] = add(linear.get(place, 0), _number(term.get("coefficient", 0), f"{where}/coefficient"))
        return _number(stated.get("constant", 0), f"{path}/constant")

    def _quadratic(
        self, stated: Any, path: str, linear: dict[int, Number], quadratic: dict[tuple[int, int], Number]
    ) -> Number:
        if not isinstance(stated, Mapping):
            _refuse(path, "should be an object")
        lists = [stated.get(key, []) for key in ("rows", "columns", "values")]
        if not all(isinstance(each, list) and len(each) == len(lists[0]) for each in lists):
            _refuse(path, "should have rows, columns and values of one length")
        for row, column, value in zip(*lists, strict=True):
            one, other = self._place(row, f"{path}/rows"), self._place(column, f"{path}/columns")
            pair = (min(one, other), max(one, other))
            quadratic[pair] = add(quadratic.get(pair, 0), _number(value, f"{path}/values"))
        return self._linear(stated["linear"], f"{path}/linear", linear) if "linear" in stated else 0

    def _polynomial(
        self, stated: Any, path: str, linear: dict[int, Number], quadratic: dict[tuple[int, int], Number]
    ) -> Number:
        if not isinstance(stated, Mapping):
            _refuse(path, "should be an object")
        constant: Number = 0
        for where, term in _objects(stated.get("terms", []), f"{path}/terms"):
            ids, factor = term.get("ids", []), _number(term.get("coefficient", 0), f"{where}/coefficient")
            if not isinstance(ids, list) or len(ids) > 2:
                _refuse(f"{where}/ids", "should be at most two ids: no higher products are read")
            places = sorted(self._place(each, f"{where}/ids") for each in ids)
            if not places:
                constant = add(constant, factor)
            elif len(places) == 1:
                linear[places[0]] = add(linear.get(places[0], 0), factor)
            else:
                pair = (places[0], places[1])
                quadratic[pair] = add(quadratic.get(pair, 0), factor)
        return constant
