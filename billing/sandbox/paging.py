"""Lists, newest first: limit, starting_after, ending_before, and filters."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from billing.sandbox.errors import invalid, no_such
from billing.sandbox.routing import Call, Page, Params
from billing.sandbox.store import Obj


def page(
    call: Call,
    kind: str,
    url: str,
    *equals: str,
    extra: Callable[[Obj], bool] | None = None,
    **fixed: Any,
) -> Page:
    """One page of a kind. `equals` names the parameters that filter by a field of that name,
    `fixed` the fields that are given anyway."""
    params = call.params
    fields = fixed | {name: params.get(name) for name in equals if name in params}
    created = params.get("created")

    def matches(obj: Obj) -> bool:
        return (
            not obj.get("deleted")
            and (created is None or _within(obj["created"], created))
            and (extra is None or extra(obj))
        )

    found = reversed(call.account.all(kind, **fields))
    objects = (obj for obj in found if matches(obj))
    return cut(params, objects, url)


def cut(params: Params, objects: Iterable[Obj], url: str) -> Page:
    """The part of a list that a request asks for."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid("Invalid limit: must be between 1 and 100", "limit")
    after, before = params.get("starting_after"), params.get("ending_before")
    if before is not None:
        earlier = _until(list(objects), before, "ending_before")
        return Page(earlier[-limit:], len(earlier) > limit, url)
    if after is not None:
        every = list(objects)
        objects = every[len(_until(every, after, "starting_after")) + 1 :]
    found = list(islice(objects, limit + 1))
    return Page(found[:limit], len(found) > limit, url)


def _until(objects: list[Obj], key: str, param: str) -> list[Obj]:
    for number, obj in enumerate(objects):
        if obj["id"] == key:
            return objects[:number]
    raise no_such(objects[0]["object"] if objects else "object", key, param)


def _within(moment: int, created: Any) -> bool:
    """`created` is one moment or a range {gt, gte, lt, lte}."""
    if isinstance(created, int):
        return moment == created
    return bool(
        moment > created.get("gt", -1)
        and moment >= created.get("gte", 0)
        and moment < created.get("lt", moment + 1)
        and moment <= created.get("lte", moment)
    )
