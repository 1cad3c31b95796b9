"""The customers' mail as it left the hub: real messages, read with Python's own parser."""

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from io import BytesIO
from pathlib import Path

from bs4 import BeautifulSoup
from pypdf import PdfReader

from tests.journeys.polling import until


@dataclass(frozen=True)
class Mail:
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @cached_property
    def text(self) -> str:
        return self.message.get_body(["plain"]).get_content()

    @cached_property
    def html(self) -> str:
        return self.message.get_body(["html"]).get_content()

    def button(self, words: str) -> str:
        """Where the button with these words leads."""
        found = BeautifulSoup(self.html, "html.parser").select("table.button a")
        links = {link.get_text(" ", strip=True): str(link["href"]) for link in found}
        assert words in links, f"“{words}” is not among {list(links)}"
        return links[words]

    @property
    def code(self) -> str:
        return re.search(r"\b\d{6}\b", self.text).group()

    def pdf(self, name: str) -> str:
        """The text of an attached PDF."""
        parts = {part.get_filename(): part for part in self.message.iter_attachments()}
        assert name in parts, f"{name} is not among {list(parts)}"
        assert parts[name].get_content_type() == "application/pdf"
        return text_of_pdf(parts[name].get_content())


class Mailbox:
    """The folder in which the demo keeps every mail; oldest first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, Mail] = {}

    def mails_to(self, address: str) -> list[Mail]:
        return [mail for mail in self._mails() if mail.message["To"] == address]

    def mail_to(self, address: str, subject: str, *, after: int = 0) -> Mail:
        """Waits for the newest mail with these words in its subject; `after` so many others."""

        def look() -> Mail | None:
            found = self._about(address, subject)
            return found[-1] if len(found) > after else None

        def otherwise() -> str:
            there = [mail.subject for mail in self.mails_to(address)]
            return f"No mail “{subject}” to {address}, only {there}"

        return until(look, otherwise)

    def count(self, address: str, subject: str) -> int:
        return len(self._about(address, subject))

    def _about(self, address: str, subject: str) -> list[Mail]:
        return [mail for mail in self.mails_to(address) if subject in mail.subject]

    def _mails(self) -> list[Mail]:
        """A message has arrived once the record beside it is there."""
        for record in sorted(self._folder.glob("**/*.json")):
            if record.stem not in self._read:
                raw = record.with_suffix(".eml").read_bytes()
                message = message_from_bytes(raw, policy=policy.default)
                self._read[record.stem] = Mail(message)
        return [self._read[key] for key in sorted(self._read)]


def text_of_pdf(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
