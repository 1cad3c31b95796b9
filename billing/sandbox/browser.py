"""What browsers send: the parameters of Stripe.js, which stripe-python has no types for."""

from typing import Literal, NotRequired, TypedDict


class BrowserCard(TypedDict):
    number: NotRequired[str]
    exp_month: NotRequired[int]
    exp_year: NotRequired[int]
    cvc: NotRequired[str]
    token: NotRequired[str]


class BrowserAddress(TypedDict):
    city: NotRequired[str]
    country: NotRequired[str]
    line1: NotRequired[str]
    line2: NotRequired[str]
    postal_code: NotRequired[str]
    state: NotRequired[str]


class BrowserDetails(TypedDict):
    name: NotRequired[str]
    email: NotRequired[str]
    phone: NotRequired[str]
    address: NotRequired[BrowserAddress]


class BrowserMethod(TypedDict):
    type: str
    card: NotRequired[BrowserCard]
    billing_details: NotRequired[BrowserDetails]
    allow_redisplay: NotRequired[str]


class BrowserRetrieve(TypedDict):
    """What Stripe.js sends to read an intent."""

    client_secret: str


class BrowserConfirm(BrowserRetrieve):
    """What Stripe.js sends to confirm an intent."""

    payment_method: NotRequired[str]
    payment_method_data: NotRequired[BrowserMethod]
    return_url: NotRequired[str]
    use_stripe_sdk: NotRequired[bool]


class Authentication(BrowserRetrieve):
    """The sandbox's own: how the customer fared at their bank's page."""

    outcome: Literal["passed", "failed"]
