"""What is typed at the door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.http import own_path
from accounts.mail import LONGEST_ADDRESS, NOT_ONE_MAILBOX, validate_mailbox
from accounts.models import MagicLink
from accounts.services.links import MOST_ATTEMPTS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class MailboxField(forms.EmailField):
    """One e-mail address. Whatever is wrong with it, the person reads one sentence."""

    default_validators = [validate_mailbox]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LONGEST_ADDRESS, **kwargs)
        self.widget.attrs |= {"autocomplete": "email", "spellcheck": "false", "dir": "ltr"}

    def clean(self, value: Any) -> str:
        try:
            return str(super().clean(value))
        except ValidationError as error:
            raise ValidationError(NOT_ONE_MAILBOX, code="invalid") from error


class OwnPathField(forms.CharField):
    """A page of this hub to go on to; anything else is quietly dropped."""

    widget = forms.HiddenInput

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value: Any) -> str:
        return own_path(str(value or ""))


class SignInForm(forms.Form):
    email = MailboxField(
        label=_("E-mail address you used to purchase"),
        help_text=_("It is on your receipt, beside “Billed to”."),
    )
    next = OwnPathField()


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Reading it on another device? Type its code here"),
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "class": "code",
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "placeholder": "000000",
                "dir": "ltr",
            }
        ),
    )

    wrong = forms.IntegerField(required=False, widget=forms.HiddenInput)
    """How many of the codes typed on this page were wrong."""

    def clean_code(self) -> str:
        """As the mail has it, or in groups as people read it out."""
        return "".join(self.cleaned_data["code"].split())

    def refuse(self) -> None:
        """In words that depend on the page alone: a link's own count would tell whose address is
        known."""
        wrong = (self.cleaned_data["wrong"] or 0) + 1
        self.data = {**self.data, "code": self.cleaned_data["code"], "wrong": wrong}
        problem = _("This code is wrong, or no longer works. Check the mail, or ask again.")
        if wrong >= MOST_ATTEMPTS:
            problem = _("Too many wrong codes. Ask for a new mail.")
        self.add_error("code", problem)


class ProofForm(forms.Form):
    proof = forms.CharField(
        label=_("Code from the mail"),
        help_text=_(
            "To be sure that it is you: type the six digits of the mail, or the address it came to."
        ),
        max_length=LONGEST_ADDRESS,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "spellcheck": "false", "dir": "ltr"}
        ),
    )


class KnownAddressForm(forms.Form):
    """What somebody who is not signed in must know of the customer, to change their addresses."""

    known = MailboxField(
        help_text=_("You are not signed in here, so we ask for it to be sure that it is you."),
    )

    LABELS: ClassVar[dict[str, StrOrPromise]] = {
        MagicLink.Purpose.CONFIRM_EMAIL: _("The address you had before"),
        MagicLink.Purpose.ADD_EMAIL: _("The address you sign in with so far"),
        MagicLink.Purpose.REVERT_EMAIL: _("The address that the mail with this link came to"),
    }

    def __init__(self, *args: Any, link: MagicLink, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["known"].label = self.LABELS[link.purpose]


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=lambda: settings.LANGUAGES)
    next = OwnPathField()
