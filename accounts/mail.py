"""Mail from a vendor to one of its customers. Nothing else in the project sends mail."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.message import MIMEPart
from email.utils import formataddr, parseaddr
from typing import Any

from css_inline import CSSInliner
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import EmailValidator
from django.template import Context, Template
from django.template.loader import get_template
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _

from accounts.brand import brand_of
from accounts.languages import first_supported
from accounts.logos import Logo, logo_of
from accounts.message import render_message
from accounts.models import Customer, EmailAddress, SentMail, Vendor

type Attachment = tuple[str, bytes, str]

LONGEST_ADDRESS = 254
NOT_ONE_MAILBOX = _("Type one e-mail address, like name@example.com.")
LOGO_ID = "logo"

# Media queries (the dark look) cannot stand at an element: they stay in the head.
_inliner = CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
_controls = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_is_address = EmailValidator(NOT_ONE_MAILBOX)


def validate_mailbox(address: str) -> None:
    """One mailbox, and nothing that a mail server could read as two."""
    _is_address(address)
    if '"' in address or not address.isprintable() or len(address) > LONGEST_ADDRESS:
        raise ValidationError(NOT_ONE_MAILBOX, code="invalid")


def sender(vendor: Vendor) -> str:
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((_one_line(vendor.name), address))


def send(
    message: str,
    *,
    vendor: Vendor,
    to: str,
    context: dict[str, Any],
    customer: Customer | None = None,
    attachments: Sequence[Attachment] = (),
    language: str | None = None,
    automatic: bool = False,
) -> bool:
    """Render templates/emails/<message>/ in the customer's language, send it, and keep that we did.

    One that nobody has just asked for (`automatic`) is held back, and kept as such, where mail
    does not arrive. The answer is whether it left.
    Raises what the mail server raises: the caller's row stays unsent, and its sweep tries again.
    """
    validate_mailbox(to)
    mail = _made(message, vendor, to, context, customer=customer, language=language or "")
    for name, content, mimetype in attachments:
        mail.attach(name, content, mimetype)
    held_back = automatic and EmailAddress.matching(to).exclude(trouble="").exists()
    if not held_back:
        mail.send(using="default")
    SentMail.objects.create(
        vendor=vendor,
        message=message,
        customer=customer,
        to=to,
        subject=str(mail.subject)[:250],
        held_back=held_back,
    )
    return not held_back


def _made(
    message: str,
    vendor: Vendor,
    to: str,
    context: dict[str, Any],
    *,
    customer: Customer | None,
    language: str,
) -> EmailMultiAlternatives:
    wishes = [language, customer.language if customer else "", vendor.language]
    logo = logo_of(vendor)
    with translation.override(first_supported(*wishes)), timezone.override(vendor.time_zone):
        everything = {**_standing_context(vendor, customer, logo), **context}
        mail = EmailMultiAlternatives(
            _one_line(_plain(message, "subject.txt", everything)),
            _plain(message, "body.txt", everything).strip() + "\n",
            sender(vendor),
            [to],
            reply_to=[vendor.reply_address],
            headers={"Auto-Submitted": "auto-generated"},
        )
        html = get_template(f"emails/{message}/body.html").render(everything)
        mail.attach_alternative(_inliner.inline(html), "text/html")
    if logo:
        mail.attach(_inline_image(logo))
    return mail


def _standing_context(
    vendor: Vendor, customer: Customer | None, logo: Logo | None
) -> dict[str, Any]:
    """What every mail may say; addresses are the vendor's own, never a request's."""
    return {
        "vendor": vendor,
        "customer": customer,
        "brand": brand_of(vendor),
        "logo": logo,
        "vendor_message": render_message(vendor, customer) if customer else "",
        "hub_url": vendor.url("/"),
        "hub_host": vendor.host,
    }


def _plain(message: str, part: str, context: dict[str, Any]) -> str:
    """Text is no HTML: nothing in it is escaped."""
    template: Template = get_template(f"emails/{message}/{part}").template  # type: ignore[attr-defined]
    return template.render(Context(context, autoescape=False))


def _one_line(text: str) -> str:
    """A header's worth: no line break and no control character, nor one spelt in RFC 2047's way."""
    return " ".join(_controls.sub(" ", text).replace("=?", "= ?").split())


def _inline_image(logo: Logo) -> MIMEPart:
    part = MIMEPart()
    part.set_content(
        logo.png, "image", "png", disposition="inline", filename="logo.png", cid=f"<{LOGO_ID}>"
    )
    return part
