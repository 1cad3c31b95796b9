"""What the page behind a mailed link says that it would do to a customer's addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import MagicLink, Vendor
from accounts.templatetags.wording import masked

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CHANGED: dict[str, StrOrPromise] = {
    "email_added": gettext_lazy("Was added"),
    "email_removed": gettext_lazy("Was removed"),
    "email_changed": gettext_lazy("Became the main address"),
    "email_made_main": gettext_lazy("Became the main address"),
}


@dataclass(frozen=True, kw_only=True)
class Fact:
    label: StrOrPromise
    address: str


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """`button_for_last` stands where a link can also undo the changes before its own."""

    title: str
    facts: Sequence[Fact]
    button: str
    after: str
    lead: str = ""
    button_for_last: str = ""


def proposal(
    link: MagicLink, *, earlier: Sequence[MagicLink], vendor: Vendor, is_theirs: bool
) -> Proposal:
    """`is_theirs`: the customer has signed in here. Nobody else is shown their other addresses."""
    if link.purpose == MagicLink.Purpose.REVERT_EMAIL:
        return _undoing(link, earlier, is_theirs=is_theirs)
    present = _shown(link.customer.email if link.customer else "", is_theirs=is_theirs)
    new = Fact(label=_("New"), address=link.email)
    if link.purpose == MagicLink.Purpose.ADD_EMAIL:
        return Proposal(
            title=_("Add this address"),
            facts=[new, Fact(label=_("Beside"), address=present)],
            button=_("Add this address"),
            after=_(
                "From then on you can sign in with either address. Opening this page has changed "
                "nothing so far."
            ),
        )
    after = _(
        "From then on %(vendor)s writes to the new address, and you sign in with it. Opening this "
        "page has changed nothing so far."
    )
    return Proposal(
        title=_("Confirm your new address"),
        facts=[new, Fact(label=_("Until now"), address=present)],
        button=_("Use the new address"),
        after=after % {"vendor": vendor.name},
    )


def _undoing(link: MagicLink, earlier: Sequence[MagicLink], *, is_theirs: bool) -> Proposal:
    changes = [one.change for one in (*earlier, link)]
    changed = [
        Fact(label=CHANGED[change["act"]], address=_shown(change["about"], is_theirs=is_theirs))
        for change in changes
    ]
    main = _shown(changes[0]["main"], is_theirs=is_theirs)
    last = _("Undo only the last; main address then: %(main)s") % {
        "main": _shown(link.change["main"], is_theirs=is_theirs)
    }
    return Proposal(
        title=_("Undo the change"),
        lead=_(
            "There were several changes, one after the other. If one was not you, undo all of them."
        )
        if earlier
        else "",
        facts=[*changed, Fact(label=_("Main address afterwards"), address=main)],
        button=_("Undo all these changes") if earlier else _("Undo the change"),
        button_for_last=last if earlier else "",
        after=_(
            "Your addresses become what they were before, and every device is signed out. Opening "
            "this page has changed nothing so far."
        ),
    )


def _shown(address: str, *, is_theirs: bool) -> str:
    return address if is_theirs else masked(address)
