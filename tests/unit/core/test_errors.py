"""Every error has a code, a title, an explanation and a status."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coachway.core import errors, problem_details
from tools import error_codes
from tools.function_modules import import_everything

import_everything()


def error_classes(kind: type[errors.Error] = errors.Error) -> Iterator[type[errors.Error]]:
    for subclass in kind.__subclasses__():
        if subclass.__module__.startswith("coachway."):
            yield subclass
        yield from error_classes(subclass)


def name(kind: type[errors.Error]) -> str:
    """The module and name of a class."""
    return f"{kind.__module__.removeprefix('coachway.')}.{kind.__qualname__}"


CLASSES: list[type[errors.Error]] = sorted(set(error_classes()), key=name)


def test_error_classes_have_code_and_status() -> None:
    for kind in CLASSES:
        status = problem_details.get_http_status(kind)
        assert 400 <= status < 500 or issubclass(kind, errors.UpstreamUnavailable), kind
        declaring = errors.Error.registry[kind.code]
        assert issubclass(kind, declaring), kind
        assert problem_details.get_http_status(declaring) == status, (
            f"{kind} has no code of its own, so it has the status of {declaring}"
        )


def test_errors_with_code_have_their_own_titles_and_docstrings() -> None:
    for kind in error_codes.all_errors():
        assert "title" in kind.__dict__, kind
        assert kind.title[0].isupper(), kind
        assert not kind.title.endswith("."), kind
        assert (kind.__dict__.get("__doc__") or "").strip().endswith("."), kind


def test_titles_are_unique() -> None:
    titles = [kind.title for kind in error_codes.all_errors()]
    assert len(set(titles)) == len(titles)


def test_problem_of_error_has_code_and_url_of_its_explanation() -> None:
    error = errors.RateLimited(retry_after=5)
    problem = problem_details.build_problem(error, instance="/x", request_id="r", address="https://coachway.example")
    assert (problem.code, problem.status, problem.detail) == ("rate_limited", 429, "Try again in 5 seconds.")
    assert problem.type == "https://coachway.example/api/v1/docs/errors#rate_limited"


def test_status_of_subclass_is_that_of_its_parent() -> None:
    assert problem_details.get_http_status(errors.ConcurrentUpdate) == 409
    assert problem_details.get_http_status(errors.TooLarge) == 413


def test_subclass_without_code_has_code_of_its_parent() -> None:
    class PageChanged(errors.ConcurrentUpdate):
        pass

    assert PageChanged().code == "concurrent_update"


def test_declaring_code_twice_raises_type_error() -> None:
    with pytest.raises(TypeError, match="belongs to coachway"):
        type("Gone", (errors.NotFound,), {"code": "not_found"})


@pytest.mark.parametrize("code", ["NotFound", "not-found", "not found", "", "_x"])
def test_declaring_code_in_another_form_raises_type_error(code: str) -> None:
    with pytest.raises(TypeError, match="snake_case"):
        type("Gone", (errors.NotFound,), {"code": code})
