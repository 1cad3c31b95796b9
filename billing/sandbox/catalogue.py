"""Products and prices."""

from typing import Any

from billing.sandbox import tariffs
from billing.sandbox.accounts import Account
from billing.sandbox.errors import invalid, missing
from billing.sandbox.ids import new_id
from billing.sandbox.paging import page
from billing.sandbox.rendering import includes
from billing.sandbox.routing import Call, Page, Params, route
from billing.sandbox.store import Obj
from billing.sandbox.values import assign, merged_metadata, nulls

PRODUCT_FIELDS = (
    "description",
    "images",
    "marketing_features",
    "name",
    "package_dimensions",
    "shippable",
    "statement_descriptor",
    "tax_code",
    "unit_label",
    "url",
    "active",
)


@route("POST", "/v1/products", "ProductCreateParams")
def create_product(call: Call) -> Obj:
    params = call.params
    product = new_product(call.account, params, params.get("id"))
    if (data := params.get("default_price_data")) is not None:
        price = new_price(call.account, Params({**data, "product": product["id"]}))
        product["default_price"] = price["id"]
        call.account.save(product)
    return product


def new_product(account: Account, params: Params, key: str | None = None) -> Obj:
    if key and account.peek(key):
        raise invalid("Product already exists.", "id", "resource_already_exists")
    product: Obj = {
        "id": key or new_id("product"),
        "object": "product",
        "active": True,
        "created": account.now(),
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": merged_metadata({}, params.get("metadata")),
        "type": params.get("type", "service"),
        "updated": account.now(),
        **nulls("default_price description package_dimensions shippable statement_descriptor"),
        **nulls("tax_code unit_label url"),
    }
    assign(product, params, *PRODUCT_FIELDS)
    return account.create(product, "product.created")


@route("GET", "/v1/products", "ProductListParams")
def list_products(call: Call) -> Page:
    ids = call.params.get("ids")
    wanted = None if ids is None else lambda product: product["id"] in ids
    return page(call, "product", "/v1/products", "active", "shippable", "url", extra=wanted)


@route("GET", "/v1/products/{key}", "ProductRetrieveParams")
def retrieve_product(call: Call, key: str) -> Obj:
    return call.account.get("product", key)


@route("POST", "/v1/products/{key}", "ProductUpdateParams")
def update_product(call: Call, key: str) -> Obj:
    product, params = call.account.living("product", key), call.params
    assign(product, params, *PRODUCT_FIELDS)
    if "default_price" in params:
        product["default_price"] = call.account.get(
            "price", params["default_price"], "default_price"
        )["id"]
    product["metadata"] = merged_metadata(product["metadata"], params.get("metadata"))
    product["updated"] = call.account.now()
    call.account.save(product, "product.updated")
    return product


@route("POST", "/v1/prices", "PriceCreateParams")
def create_price(call: Call) -> Obj:
    return new_price(call.account, call.params)


def new_price(account: Account, params: Params, *, active: bool = True) -> Obj:
    scheme = params.get("billing_scheme", "per_unit")
    price: Obj = {
        "id": new_id("price"),
        "object": "price",
        "active": params.get("active", active),
        "billing_scheme": scheme,
        "created": account.now(),
        "currency": params["currency"].lower(),
        "livemode": False,
        "metadata": merged_metadata({}, params.get("metadata")),
        "product": _product(account, params),
        "recurring": _recurring(params.get("recurring")),
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "type": "recurring" if params.get("recurring") else "one_time",
        **nulls("custom_unit_amount lookup_key nickname tiers_mode transform_quantity"),
        **(tariffs.tiered(params) if scheme == "tiered" else tariffs.per_unit(params)),
    }
    assign(price, params, "lookup_key", "nickname")
    return account.create(price, "price.created")


def _product(account: Account, params: Params) -> str:
    """The product a price is of: one by its id, or a new one from its data."""
    if (data := params.get("product_data")) is not None:
        return str(new_product(account, Params(data))["id"])
    if "product" not in params:
        raise missing("product")
    return str(account.living("product", params["product"], "product")["id"])


def _recurring(given: Any) -> Obj | None:
    if not given:
        return None
    use = given.get("usage_type", "licensed")
    if (use == "metered") != ("meter" in given):
        raise invalid("A metered price needs a meter, and no other has one.", "recurring[meter]")
    return {
        "interval": given["interval"],
        "interval_count": given.get("interval_count", 1),
        "meter": given.get("meter"),
        "trial_period_days": given.get("trial_period_days"),
        "usage_type": use,
    }


@includes("price", "currency_options")
def currency_options(_account: Account, price: Obj) -> Obj:
    """The price in each of its currencies; here it has one."""
    kept = ("tax_behavior", "unit_amount", "unit_amount_decimal")
    option = {name: price[name] for name in kept} | {"custom_unit_amount": None}
    return {price["currency"]: option}


@includes("price", "tiers")
def tiers(account: Account, price: Obj) -> list[Obj] | None:
    found: list[Obj] | None = account.get("price", price["id"])["_tiers"]
    return found


@route("GET", "/v1/prices", "PriceListParams")
def list_prices(call: Call) -> Page:
    keys, recurring = call.params.get("lookup_keys"), call.params.get("recurring")

    def wanted(price: Obj) -> bool:
        named = keys is None or price["lookup_key"] in keys
        return named and (recurring is None or _repeats(price, recurring))

    return page(call, "price", "/v1/prices", "active", "currency", "product", "type", extra=wanted)


def _repeats(price: Obj, wanted: Any) -> bool:
    recurring = price["recurring"] or {}
    return all(recurring.get(name) == value for name, value in wanted.items())


@route("GET", "/v1/prices/{key}", "PriceRetrieveParams")
def retrieve_price(call: Call, key: str) -> Obj:
    return call.account.get("price", key)


@route("POST", "/v1/prices/{key}", "PriceUpdateParams")
def update_price(call: Call, key: str) -> Obj:
    price, params = call.account.get("price", key), call.params
    assign(price, params, "active", "lookup_key", "nickname", "tax_behavior")
    price["metadata"] = merged_metadata(price["metadata"], params.get("metadata"))
    call.account.save(price, "price.updated")
    return price


def priced(account: Account, item: Obj, param: str) -> Obj:
    """The price of an item that names one or brings its own data."""
    if "price" in item:
        price = account.get("price", item["price"], f"{param}[price]")
        if not price["active"]:
            raise invalid(
                "The price specified is inactive. This field only accepts active prices.",
                f"{param}[price]",
            )
        return price
    if "price_data" not in item:
        raise missing(f"{param}[price]")
    return new_price(account, Params(item["price_data"]), active=False)


def plan_of(price: Obj) -> Obj:
    """A recurring price in the older words that Stripe still sends beside it."""
    recurring = price["recurring"]
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": recurring["meter"],
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": price["transform_quantity"],
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": recurring["usage_type"],
    }
