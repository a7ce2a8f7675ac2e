"""The DynamoDB expressions that the store uses: conditions, updates and projections of top-level attributes.

Other syntax raises NotImplementedError, so that no test passes with an expression that was parsed wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

Value = Mapping[str, Any]
Item = dict[str, Value]

_TOKEN: Final = re.compile(r"\s*(<>|<=|>=|[=<>(),+\-.\[\]]|[#:]?\w+)")
_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class InvalidExpression(Exception):
    """An expression or item for which DynamoDB returns a ValidationException."""


class Scope(NamedTuple):
    """The placeholders of a request's expressions."""

    names: Mapping[str, str]
    values: Mapping[str, Value]

    def name(self, token: str) -> str:
        return self.names[token] if token.startswith("#") else token


def build_scope(request: Mapping[str, Any]) -> Scope:
    """Return the placeholders of a request. Raises InvalidExpression if one is undefined or unused."""
    scope = Scope(request.get("ExpressionAttributeNames", {}), request.get("ExpressionAttributeValues", {}))
    used = {token for part, text in request.items() if part.endswith("Expression") for token in _placeholders(text)}
    defined = scope.names.keys() | scope.values.keys()
    if used != defined:
        raise InvalidExpression(f"Placeholders undefined or unused in expressions: {sorted(used ^ defined)}")
    return scope


@lru_cache(2000)
def _placeholders(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[#:]\w+", text))


Operand = Callable[[Item, Scope], Value | None]
Condition = Callable[[Item, Scope], bool]
Action = Callable[[Item, Item, Scope], None]
"""Changes the second item, the new one; the first is the item before the update."""


@lru_cache
def _reserved() -> frozenset[str]:
    return frozenset(ReservedKeywords.get_reserved_keywords())


def _comparable(value: Value) -> tuple[str, Any]:
    [(kind, content)] = value.items()
    if kind not in {"S", "N", "BOOL"}:
        raise NotImplementedError(f"values of type {kind}")
    return kind, Decimal(content) if kind == "N" else content


def _compare(sign: str, left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return sign == "<>"
    (kind, a), (other, b) = _comparable(left), _comparable(right)
    return _COMPARISONS[sign](a, b) if kind == other else sign == "<>"


class _Parser:
    """Parses one expression from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.tokens, position = text, list[str](), 0
        while position < len(text.rstrip()):
            token = _TOKEN.match(text, position)
            if token is None:
                raise InvalidExpression(f"Syntax error; token: {text[position:]!r}")
            self.tokens.append(token[1])
            position = token.end()
        self.at = 0
        self.equalities: list[tuple[str, str]] = []

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, *expected: str) -> str:
        token = self.next
        if not token or (expected and token.upper() not in expected):
            raise InvalidExpression(f"Syntax error; token: {token!r} in {self.text!r}")
        self.at += 1
        return token

    def accept(self, word: str) -> bool:
        if self.next.upper() != word:
            return False
        self.at += 1
        return True

    def path(self) -> Callable[[Scope], str]:
        token = self.take()
        if not re.fullmatch(r"#?\w+", token):
            raise InvalidExpression(f"Syntax error; token: {token!r} in {self.text!r}")
        if self.next in {".", "["}:
            raise NotImplementedError(f"nested attributes: {self.text}")
        if token.upper() in _reserved():
            raise InvalidExpression(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        return lambda scope: scope.name(token)

    def arguments(self, *readers: Callable[[], Any]) -> list[Any]:
        self.take("(")
        result = []
        for number, read in enumerate(readers):
            if number:
                self.take(",")
            result.append(read())
        self.take(")")
        return result

    def operand(self) -> Operand:
        if self.next.startswith(":"):
            token = self.take()
            return lambda _item, scope: scope.values[token]
        path = self.path()
        return lambda item, scope: item.get(path(scope))

    # Conditions, in order of increasing precedence

    def condition(self) -> Condition:
        left = self._conjunction()
        while self.accept("OR"):
            left = _either(left, self._conjunction())
        return left

    def _conjunction(self) -> Condition:
        left = self._negation()
        while self.accept("AND"):
            left = _both(left, self._negation())
        return left

    def _negation(self) -> Condition:
        if self.accept("NOT"):
            condition = self._negation()
            return lambda item, scope: not condition(item, scope)
        if self.accept("("):
            condition = self.condition()
            self.take(")")
            return condition
        match self.next:
            case "attribute_exists" | "attribute_not_exists" as name:
                self.take()
                [path] = self.arguments(self.path)
                return lambda item, scope: (path(scope) in item) == (name == "attribute_exists")
            case "begins_with":
                self.take()
                text, prefix = self.arguments(self.operand, self.operand)
                return lambda item, scope: _begins_with(text(item, scope), prefix(item, scope))
        if self.at + 1 < len(self.tokens) and self.tokens[self.at + 1] == "(":
            raise NotImplementedError(f"the function {self.next}")
        return self._comparison()

    def _comparison(self) -> Condition:
        if self.tokens[self.at + 1 : self.at + 2] == ["="]:
            self.equalities.append((self.next, "".join(self.tokens[self.at + 2 : self.at + 3])))
        left = self.operand()
        if self.accept("BETWEEN"):
            low = self.operand()
            self.take("AND")
            high = self.operand()
            return _both(_comparison(">=", left, low), _comparison("<=", left, high))
        return _comparison(self.take(*_COMPARISONS), left, self.operand())

    # Updates

    def update(self) -> list[Action]:
        actions: list[Action] = []
        while self.next:
            section = self.take("SET", "ADD", "REMOVE").upper()
            read = {"SET": self._set, "ADD": self._add, "REMOVE": self._remove}[section]
            actions.append(read())
            while self.accept(","):
                actions.append(read())
        return actions

    def _set(self) -> Action:
        path = self.path()
        self.take("=")
        result = self._sum()

        def apply(old: Item, new: Item, scope: Scope) -> None:
            value = result(old, scope)
            if value is None:
                raise InvalidExpression(
                    "The provided expression refers to an attribute that does not exist in the item"
                )
            new[path(scope)] = value

        return apply

    def _sum(self) -> Operand:
        left = self._summand()
        if self.next not in {"+", "-"}:
            return left
        sign, right = (1 if self.take() == "+" else -1), self._summand()

        def add(item: Item, scope: Scope) -> Value | None:
            first, second = left(item, scope), right(item, scope)
            return _add_numbers(first, second, sign) if first is not None and second is not None else None

        return add

    def _summand(self) -> Operand:
        if not self.accept("IF_NOT_EXISTS"):
            return self.operand()
        path, default = self.arguments(self.path, self.operand)
        return lambda item, scope: item.get(path(scope)) or default(item, scope)

    def _add(self) -> Action:
        path, amount = self.path(), self.operand()

        def apply(old: Item, new: Item, scope: Scope) -> None:
            name = path(scope)
            new[name] = _add_numbers(old.get(name, {"N": "0"}), amount(old, scope) or {}, 1)

        return apply

    def _remove(self) -> Action:
        path = self.path()

        def apply(_old: Item, new: Item, scope: Scope) -> None:
            new.pop(path(scope), None)

        return apply

    def end(self) -> None:
        if self.next:
            raise InvalidExpression(f"Syntax error; token: {self.next!r} in {self.text!r}")


def _comparison(sign: str, left: Operand, right: Operand) -> Condition:
    return lambda item, scope: _compare(sign, left(item, scope), right(item, scope))


def _either(left: Condition, right: Condition) -> Condition:
    return lambda item, scope: left(item, scope) or right(item, scope)


def _both(left: Condition, right: Condition) -> Condition:
    return lambda item, scope: left(item, scope) and right(item, scope)


def _begins_with(text: Value | None, prefix: Value | None) -> bool:
    return bool(text and prefix and "S" in text and str(text["S"]).startswith(prefix["S"]))


def _add_numbers(left: Value, right: Value, sign: int) -> Value:
    if "N" not in left or "N" not in right:
        raise InvalidExpression("An operand in the update expression has an incorrect data type")
    return {"N": str(Decimal(left["N"]) + sign * Decimal(right["N"]))}


@lru_cache(2000)
def parse_condition(text: str) -> Condition:
    parser = _Parser(text)
    result = parser.condition()
    parser.end()
    return result


@lru_cache(2000)
def _equalities(text: str) -> list[tuple[str, str]]:
    parser = _Parser(text)
    parser.condition()
    return parser.equalities


def extract_partition(text: str, name: str, scope: Scope) -> str:
    """Return the value that a key condition requires of the partition key with this name."""
    for path, value in _equalities(text):
        if scope.name(path) == name:
            return str(scope.values[value]["S"])
    raise InvalidExpression(f"Query condition missed key schema element: {name}")


@lru_cache(2000)
def parse_update(text: str) -> list[Action]:
    return _Parser(text).update()


@lru_cache(2000)
def parse_projection(text: str) -> list[Callable[[Scope], str]]:
    parser = _Parser(text)
    result = [parser.path()]
    while parser.accept(","):
        result.append(parser.path())
    parser.end()
    return result
