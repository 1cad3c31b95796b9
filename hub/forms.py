"""What customers type in the hub, checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

import phonenumbers
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from accounts.forms import MailboxField
from accounts.languages import alphabetical
from accounts.models import Customer, EmailAddress
from accounts.services import addresses
from billing.services import cancellation
from billing.services.profile import Details
from hub.drawn import hold_against_drawn
from invoices.models import Document
from invoices.money import locale_of

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def one_line(text: str) -> None:
    """Names and streets stand on one line, in Stripe, in mails and on documents."""
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise forms.ValidationError(_("Write this on one line, without special characters."))


def offer(form: forms.BaseForm, field: str, choices: Sequence[tuple[str, StrOrPromise]]) -> None:
    """Choices that are only known, or only translated, when the form is shown."""
    cast("forms.ChoiceField", form.fields[field]).choices = choices


def callable_number(typed: str, *, region: str | None = None) -> str:
    """As it is written everywhere; without a region only with its country code."""
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise forms.ValidationError(
            _("Write the phone number with its country code, for example +44 20 7946 0958.")
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


class DetailsForm(forms.Form):
    """The customer's details; a changed e-mail counts only once its mailbox confirms.

    Only what the person changed is taken: a form may stand open while the rest changes elsewhere.
    """

    name = forms.CharField(label=_("Name"), max_length=200)
    phone = forms.CharField(label=_("Phone"), max_length=40, required=False)
    email = MailboxField(
        label=_("E-mail"),
        help_text=_(
            "A new address counts once you confirm it from its mailbox. Until then this one stays."
        ),
    )
    line1 = forms.CharField(label=_("Street and number"), max_length=200, required=False)
    line2 = forms.CharField(label=_("Address line 2"), max_length=200, required=False)
    postcode = forms.CharField(label=_("Postcode"), max_length=20, required=False)
    city = forms.CharField(label=_("City"), max_length=100, required=False)
    region = forms.CharField(label=_("State or region"), max_length=100, required=False)
    country = forms.ChoiceField(label=_("Country"), required=False)
    company = forms.CharField(label=_("Company"), max_length=150, required=False)
    tax_id = forms.CharField(label=_("Tax id"), max_length=40, required=False)

    autocomplete = {
        "name": "name",
        "phone": "tel",
        "email": "email",
        "line1": "address-line1",
        "line2": "address-line2",
        "postcode": "postal-code",
        "city": "address-level2",
        "region": "address-level1",
        "country": "country",
        "company": "organization",
        "tax_id": "off",
    }
    left_to_right = ("phone", "email", "tax_id")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = locale_of(get_language()).territories
        known = [(code, named[code]) for code, _name in countries if code in named]
        by_name = sorted(known, key=lambda country: alphabetical(country[1]))
        offer(self, "country", [("", "—"), *by_name])
        self.fields["phone"].widget.input_type = "tel"
        for name, field in self.fields.items():
            field.validators.append(one_line)
            direction = "ltr" if name in self.left_to_right else "auto"
            field.widget.attrs |= {"autocomplete": self.autocomplete[name], "dir": direction}
        hold_against_drawn(self)

    @classmethod
    def of(cls, customer: Customer, data: Any = None) -> DetailsForm:
        initial = {name: getattr(customer, name) for name in cls.base_fields}
        initial["country"] = customer.country.code or ""
        form = cls(data, initial=initial)
        if waiting := addresses.waiting_change(customer):
            words = gettext("Waiting for %(address)s: open the mail we sent there to confirm it.")
            form.fields["email"].help_text = words % {"address": waiting}
        return form

    def propose_email(self, address: str) -> None:
        """Typed before, and not theirs yet: sent as it stands, it is a change."""
        self.initial["email"] = address
        self.fields["email"].show_hidden_initial = False

    def clean_phone(self) -> str:
        """As typed where it was saved before; a new one must be a number that can be called."""
        typed: str = self.cleaned_data["phone"].strip()
        if not typed or "phone" not in self.changed_data:
            return typed
        return callable_number(typed, region=self.data.get("country") or None)

    def details(self) -> Details:
        """All but the e-mail, which changes by another road; what was not changed, as it is now."""
        changed = {name: self.cleaned_data[name] for name in self.changed_data}
        return Details(**{k: v for k, v in {**self.initial, **changed}.items() if k != "email"})

    @property
    def details_changed(self) -> bool:
        return any(name != "email" for name in self.changed_data)


ASKED_TOO_OFTEN = _(
    "No mail was sent: there were several just now. Wait a quarter of an hour, then send it again."
)


class AddressForm(forms.Form):
    """A further address to sign in with, or one of theirs that is to be tried again."""

    address = MailboxField(label=_("Another e-mail address of yours"))

    def __init__(self, *args: Any, customer: Customer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.customer = customer

    def clean_address(self) -> str:
        """Whose another customer's address is stays unsaid: its mailbox is told."""
        address: str = self.cleaned_data["address"]
        own = EmailAddress.matching(address).filter(customer=self.customer).first()
        if own and own.verified_at and not own.trouble:
            raise forms.ValidationError(_("This is one of your addresses already."))
        if own is None and not addresses.has_room(self.customer):
            raise forms.ValidationError(
                _("You can have %(number)s addresses at most. Remove one first."),
                params={"number": addresses.MOST_ADDRESSES},
            )
        return address


class CancelForm(forms.Form):
    """Why, if the customer likes to say."""

    reason = forms.ChoiceField(
        label=_("Why are you leaving?"), required=False, widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "reason", cancellation.REASONS)


class CardForm(forms.Form):
    """What the browser says once Stripe has the card: only which SetupIntent to look at."""

    scope = forms.ChoiceField(
        label=_("Use the new card for"), widget=forms.RadioSelect, initial="all"
    )
    setup_intent = forms.RegexField(r"^seti_\w{1,80}$", widget=forms.HiddenInput)

    def __init__(self, *args: Any, scopes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "scope", scopes)


class DocumentSearchForm(forms.Form):
    """Product or number, kind, year; all in the address, so that a search can be kept."""

    q = forms.CharField(label=_("Product or document number"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    year = forms.TypedChoiceField(label=_("Year"), required=False, coerce=int, empty_value=None)

    def __init__(self, data: Any, *, years: list[int]) -> None:
        super().__init__(data, label_suffix="")
        self.fields["q"].widget.input_type = "search"
        # Where the browser stops: a web server refuses a far longer address in its own bare words.
        self.fields["q"].widget.attrs["maxlength"] = 200
        offer(self, "kind", [("", _("All kinds")), *Document.Kind.choices])
        offer(self, "year", [("", _("All years")), *((str(y), str(y)) for y in years)])

    def filter(self, documents: QuerySet[Document]) -> QuerySet[Document]:
        """What is asked for; a choice nobody offered is passed over."""
        self.is_valid()
        asked = self.cleaned_data
        if text := asked.get("q"):
            documents = documents.filter(Q(number__icontains=text) | Q(title__icontains=text))
        if kind := asked.get("kind"):
            documents = documents.filter(kind=kind)
        if year := asked.get("year"):
            documents = documents.filter(issued_at__year=year)
        return documents

    @property
    def is_search(self) -> bool:
        return any(self.cleaned_data.values())

    @property
    def query_string(self) -> str:
        """The search without the place in the list."""
        return urlencode({name: value for name, value in self.cleaned_data.items() if value})
