"""A mail that must leave leaves, once, even if the mail server is down for a while."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.utils import timezone
from django.utils.formats import date_format

from billing.models import Action
from billing.services import cancellation
from billing.services.notices import confirm_action
from billing.tasks import sweep_notices
from tests.billing.plugin import Buyer

pytestmark = pytest.mark.usefixtures("in_acme")

SUBJECT = "You cancelled Language Lab: Italian"


@pytest.fixture
def unsent(buy: Buyer, monkeypatch: pytest.MonkeyPatch) -> Action:
    """A cancellation while the mail server was down."""

    def down(*_args: Any, **_options: Any) -> None:
        raise ConnectionRefusedError

    row = buy.subscription()
    mail.outbox.clear()
    with monkeypatch.context() as patch:
        patch.setattr("billing.emails.mail.send", down)
        cancellation.cancel(row)
    action = Action.objects.get()
    assert (action.state, action.mailed_at, mail.outbox) == (Action.State.DONE, None, [])
    return action


def age(**span: int) -> None:
    then = timezone.now() - timedelta(**span)
    Action.objects.update(finished_at=then, next_mail_at=then)


def test_the_act_is_done_and_the_mail_follows_when_the_server_is_back(unsent: Action) -> None:
    age(minutes=6)
    sweep_notices.func()
    unsent.refresh_from_db()
    assert unsent.mailed_at is not None
    assert [message.subject for message in mail.outbox] == [SUBJECT]


def test_a_mail_that_left_does_not_leave_again(unsent: Action) -> None:
    age(minutes=6)
    for _round in range(3):
        sweep_notices.func()
        confirm_action.func(unsent.vendor_id, str(unsent.pk))
    assert len(mail.outbox) == 1


def test_of_two_workers_with_the_same_task_one_sends(
    unsent: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    age(minutes=6)
    sent = []

    def slowly(message: str, **_options: Any) -> None:
        """While it is at it, another worker takes up the same task."""
        sent.append(message)
        confirm_action.func(unsent.vendor_id, str(unsent.pk))

    monkeypatch.setattr("billing.emails.mail.send", slowly)
    confirm_action.func(unsent.vendor_id, str(unsent.pk))
    assert sent == ["cancellation"]


def test_the_sweep_leaves_the_task_its_time(unsent: Action) -> None:
    sweep_notices.func()
    assert mail.outbox == []


def test_last_weeks_news_is_no_news(unsent: Action) -> None:
    age(days=4)
    sweep_notices.func()
    assert mail.outbox == []


def test_a_mail_that_comes_after_the_change_of_mind_still_says_when_it_was_to_end(
    unsent: Action, buy: Buyer
) -> None:
    ends_at = buy.row_of(unsent.subscription.stripe_subscription_id).cancels_at
    cancellation.undo(unsent.subscription)
    mail.outbox.clear()
    age(minutes=6)
    confirm_action.func(unsent.vendor_id, str(unsent.pk))
    [message] = mail.outbox
    assert f"Language Lab: Italian ends on {date_format(ends_at)}." in message.body
    assert "Keep it after all" not in message.body


def test_a_mail_is_in_the_customers_language_and_to_one_address(buy: Buyer) -> None:
    buy.customer_id(preferred_locales=["de"])
    row = buy.subscription()
    mail.outbox.clear()
    cancellation.cancel(row)
    [message] = mail.outbox
    assert (message.to, message.cc, message.bcc) == (["alice@example.com"], [], [])
    html = str(message.alternatives[0][0])
    assert 'lang="de"' in html
    assert "<script" not in html


def test_names_are_no_markup_in_a_mail(buy: Buyer) -> None:
    row = buy.subscription("<b>Fish & Chips</b>")
    mail.outbox.clear()
    cancellation.cancel(row)
    [message] = mail.outbox
    assert message.subject == "You cancelled <b>Fish & Chips</b>"
    assert "<b>Fish" not in str(message.alternatives[0][0])
    assert "<b>Fish & Chips</b>" in message.body
