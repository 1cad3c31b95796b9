"""Settings that several people keep open at once: each saves what they changed, and no more."""

from __future__ import annotations

from copy import copy
from typing import Any, ClassVar

from django.forms import BooleanField, Field
from django.template.defaultfilters import yesno
from django.utils.translation import gettext_lazy as _

from hub.admin.generics import ModelForm
from hub.drawn import hold_against_drawn


class OwnChangesForm(ModelForm):
    """What the person left alone is saved as it is by now. Where somebody else changed the same
    field meanwhile, both are shown, and what was typed counts once it is sent again."""

    moves_by_itself: ClassVar[frozenset[str]] = frozenset()
    """What is no other person's doing, and so nothing to ask about."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hold_against_drawn(self)

    def clean(self) -> dict[str, Any] | None:
        given = super().clean()
        for name, field in self.fields.items() if self.instance.pk else ():
            if field.show_hidden_initial and name in self.cleaned_data:
                now = self.get_initial_for_field(field, name)
                if name not in self.changed_data:
                    self.cleaned_data[name] = now
                elif name not in self.moves_by_itself:
                    self._ask_if_changed_meanwhile(name, field, now)
        return given

    def _ask_if_changed_meanwhile(self, name: str, field: Field, now: Any) -> None:
        as_drawn = self.add_initial_prefix(name)
        drawn = field.hidden_widget().value_from_datadict(self.data, self.files, as_drawn)
        was_changed = field.has_changed(now, drawn)
        if was_changed and field.has_changed(now, self.cleaned_data[name]):
            words = _(
                "Somebody changed this meanwhile. It now says: %(now)s. Save again to have it as"
                " you typed it."
            )
            self.add_error(name, words % {"now": _as_read(field, now)})
            data: Any = copy(self.data)
            data[as_drawn] = "" if now is None else str(now)
            self.data = data


def _as_read(field: Field, value: Any) -> str:
    if isinstance(field, BooleanField):
        return str(yesno(value))
    named = dict(getattr(field, "choices", ()))
    return str(named.get(value, value) or "–")
