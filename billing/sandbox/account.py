"""The account itself, and sessions of Stripe's own customer portal."""

from billing.sandbox.accounts import Account
from billing.sandbox.errors import forbidden, missing
from billing.sandbox.ids import new_id, secret
from billing.sandbox.routing import Call, route
from billing.sandbox.store import Obj
from billing.sandbox.values import ADDRESS, nulls


@route("GET", "/v1/account", "AccountRetrieveCurrentParams")
def retrieve_account(call: Call) -> Obj:
    return shown(call.account)


@route("GET", "/v1/accounts/{key}", "AccountRetrieveParams")
def retrieve_other_account(call: Call, key: str) -> Obj:
    if key != call.account.id:
        raise forbidden(
            f"The provided key does not have access to account '{key}' (or that account does not "
            "exist). Application access may have been revoked.",
            "account_invalid",
        )
    return shown(call.account)


WANTED = {
    "new": ["business_type", "external_account", "tos_acceptance.date", "tos_acceptance.ip"],
    "document": ["individual.verification.document"],
}
"""What Stripe asks for while an account is being filled in; of other accounts nothing."""


def _wants(standing: str) -> Obj:
    lists = "alternatives currently_due errors eventually_due past_due pending_verification"
    wants: Obj = nulls("current_deadline disabled_reason")
    wants |= {field: [] for field in lists.split()}
    if standing in WANTED:
        wants["currently_due"] = wants["eventually_due"] = WANTED[standing]
        wants["disabled_reason"] = "requirements.past_due"
    return wants


def shown(account: Account) -> Obj:
    name = account.record.get("name") or account.id.removeprefix("acct_").capitalize()
    standing = account.record.get("standing", "complete")
    is_complete = standing == "complete"
    return {
        "id": account.id,
        "object": "account",
        "business_profile": _profile(name),
        "business_type": None,
        "capabilities": dict.fromkeys(
            ("card_payments", "transfers"), "active" if is_complete else "inactive"
        ),
        "charges_enabled": is_complete,
        "controller": {"type": "account"},
        "country": "US",
        "created": account.record["created"],
        "default_currency": "usd",
        "details_submitted": standing != "new",
        "email": account.record.get("email") or f"owner@{account.id.removeprefix('acct_')}.example",
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/accounts/{account.id}/external_accounts",
        },
        "future_requirements": _wants("complete"),
        "metadata": account.record.get("metadata", {}),
        "payouts_enabled": is_complete,
        "requirements": _wants(standing),
        "settings": _settings(name),
        "tos_acceptance": nulls("date ip user_agent"),
        "type": "standard",
    }


def _profile(name: str) -> Obj:
    return {
        **nulls("annual_revenue estimated_worker_count mcc support_email support_phone"),
        **nulls("minority_owned_business_designation product_description support_url url"),
        "name": name,
        "support_address": dict.fromkeys(ADDRESS),
    }


def _settings(name: str) -> Obj:
    descriptors = "statement_descriptor_prefix_kana statement_descriptor_prefix_kanji"
    return {
        "bacs_debit_payments": nulls("display_name service_user_number"),
        "branding": nulls("icon logo primary_color secondary_color"),
        "card_issuing": {"tos_acceptance": nulls("date ip")},
        "card_payments": {
            "decline_on": {"avs_failure": False, "cvc_failure": False},
            **nulls(f"statement_descriptor_prefix {descriptors}"),
        },
        "dashboard": {"display_name": name, "timezone": "Etc/UTC"},
        "invoices": nulls("default_account_tax_ids hosted_payment_method_save"),
        "payments": nulls(
            f"statement_descriptor statement_descriptor_kana statement_descriptor_kanji "
            f"{descriptors}"
        ),
        "payouts": {
            "debit_negative_balances": True,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
        "sepa_debit_payments": {},
    }


@route("POST", "/v1/billing_portal/sessions", "billing_portal.SessionCreateParams")
def create_portal_session(call: Call) -> Obj:
    """A link to Stripe's own portal, such as its page to change the card."""
    account, params = call.account, call.params
    if "customer" not in params:
        raise missing("customer")
    customer = account.living("customer", params["customer"], "customer")
    flow = params.get("flow_data")
    if flow is not None:
        details = nulls("subscription_cancel subscription_update subscription_update_confirm")
        ends = {"type": "portal_homepage", **nulls("hosted_confirmation redirect")}
        flow = {"after_completion": ends, **details, **flow}
    return {
        "id": new_id("billing_portal.session"),
        "object": "billing_portal.session",
        "after_expiration": _after_expiration(params.get("after_expiration")),
        "configuration": f"bpc_{secret(24)}",
        "created": account.now(),
        "customer": customer["id"],
        "customer_account": None,
        "flow": flow,
        "livemode": False,
        "locale": params.get("locale"),
        "on_behalf_of": None,
        "return_url": params.get("return_url"),
        "url": f"https://billing.stripe.com/p/session/test_{secret(40)}",
    }


def _after_expiration(given: Obj | None) -> Obj | None:
    """Whether Stripe lets the customer in by their address once the link has expired."""
    return given and {"type": given["type"], "customer_login": given.get("customer_login")}
