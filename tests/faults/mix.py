"""What a hub is asked all day: customers' pages, and in between what Stripe tells it."""

from __future__ import annotations

from tests.faults.running import BUYERS, Running, Visitor, event, post_webhook, signed

PAGES = ["/", "/documents/", "/profile/activity/", "/profile/"]


class Mix:
    """Two pages, then an event, and so on; call it with the number of the request."""

    def __init__(self, hub: Running, customers: list[str], name: str) -> None:
        self.port = hub.port
        self.customers = customers
        self.name = name
        self.secret, self.cookies = hub.tell()

    def __call__(self, number: int) -> int:
        if number % 3 == 2:
            payload = event(self.customers[number % BUYERS], f"evt_{self.name}_{number}")
            return post_webhook(self.port, payload, signed(payload, self.secret))
        visitor = Visitor(self.port, self.cookies[number % BUYERS])
        return visitor.ask("GET", PAGES[number % len(PAGES)])[0]

    def lost(self, hub: Running, asked: int, failed: int) -> int:
        """Events that were acknowledged, and are not there."""
        told = len(range(2, asked, 3))
        kept = hub.count(f"billing_stripeevent WHERE event_id LIKE 'evt_{self.name}_%'")
        return max(0, told - failed - kept)
