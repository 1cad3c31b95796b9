"""Reading the mails of the door, as their receiver would."""

import re
from typing import Any

from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend


def newest() -> EmailMultiAlternatives:
    return mail.outbox[-1]


def link_in(message: Any) -> str:
    """The path of the link, wherever it leads."""
    return re.search(r"https://[a-z]+\.test(/(?:sign-in|profile)/\S+/)", message.body)[1]


def token_in(message: Any) -> str:
    return link_in(message).rstrip("/").rpartition("/")[2]


def code_in(message: Any) -> str:
    return re.search(r"\b(\d{6})\b", message.body)[1]


def html_of(message: Any) -> str:
    return message.alternatives[0].content


class BrokenBackend(BaseEmailBackend):
    """A mail server that is not there."""

    def send_messages(self, email_messages: Any) -> int:
        raise ConnectionRefusedError
