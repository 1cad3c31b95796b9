"""From what is kept to what Stripe answers: ids stay ids until they are expanded.

Objects are kept in Stripe's own shape but for three things: fields that begin with an underscore
are the sandbox's own; what Stripe always nests whole (a price in a subscription item) is kept as
an id and nested by the kind's `presents` function; what Stripe only shows when asked to
(`includes`) is made when it is.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from billing.sandbox import shapes
from billing.sandbox.errors import ApiError, invalid
from billing.sandbox.store import Obj

if TYPE_CHECKING:
    from billing.sandbox.accounts import Account

type Present = Callable[["Account", Obj], None]
type Include = Callable[["Account", Obj], Any]

PRESENTS: dict[str, Present] = {}
INCLUDES: dict[tuple[str, str], Include] = {}


def presents(kind: str) -> Callable[[Present], Present]:
    """Register what nests whole objects into a fresh copy of a kind."""

    def register(present: Present) -> Present:
        PRESENTS[kind] = present
        return present

    return register


def includes(kind: str, field: str) -> Callable[[Include], Include]:
    """Register what makes a field that is shown only when it is expanded."""

    def register(include: Include) -> Include:
        INCLUDES[kind, field] = include
        return include

    return register


def render(account: "Account", obj: Obj, expand: Iterable[str] = ()) -> Obj:
    """An object as Stripe answers it, with these paths expanded."""
    if obj.get("deleted"):
        return {name: obj[name] for name in ("id", "object", "deleted")}
    answer = {name: value for name, value in obj.items() if not name.startswith("_")}
    if present := PRESENTS.get(obj["object"]):
        present(account, answer)
    if expand:
        field = shapes.root(obj["object"])
        for path in expand:
            _expand(account, answer, field, path.split("."), path)
    return answer


def nested(account: "Account", key: str) -> Obj:
    """The object an id stands for, whole."""
    found = account.peek(key)
    if found is None:
        raise LookupError(key)
    return render(account, found)


def list_of(account: "Account", objects: Iterable[Obj], url: str, limit: int = 10) -> Obj:
    """A list inside an object: the first ten, and whether there are more."""
    found = list(objects)
    data = [render(account, obj) for obj in found[:limit]]
    return {"object": "list", "data": data, "has_more": len(found) > limit, "url": url}


def _refused(path: str) -> ApiError:
    return invalid(f"This property cannot be expanded ({path}).", "expand")


def _expand(
    account: "Account", parent: Obj, field: shapes.Field, names: list[str], path: str
) -> None:
    """Expand one path in place. Whatever is entered is copied first: it may be the kept object."""
    name, rest = names[0], names[1:]
    inner = field.field(name)
    if inner is None:
        raise _refused(path)
    include = INCLUDES.get((parent.get("object", ""), name))
    if include and name not in parent:
        parent[name] = include(account, parent)
    elif not include and not inner.expandable and not rest:
        raise _refused(path)
    value = parent.get(name)
    parent[name] = _entered(account, value, inner, rest, path)


def _entered(
    account: "Account", value: Any, field: shapes.Field, rest: list[str], path: str
) -> Any:
    if isinstance(value, list):
        return [_entered(account, item, field.items or field, rest, path) for item in value]
    if isinstance(value, str):
        found = account.peek(value)
        if not field.expandable or found is None:
            raise _refused(path)
        value = render(account, found)
    if isinstance(value, dict) and rest:
        value = dict(value)
        _expand(account, value, field, rest, path)
    return value
