"""A business customer's tax id: of which kind it is, and having it in Stripe once."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from accounts.models import Vendor
from billing.errors import TaxIdNotValid
from billing.gateway import customers as gateway
from billing.models import Action
from billing.services.regions import EUROPEAN_UNION

KINDS = {
    "AE": "ae_trn",
    "AR": "ar_cuit",
    "AU": "au_abn",
    "BR": "br_cnpj",
    "CA": "ca_bn",
    "CH": "ch_vat",
    "CL": "cl_tin",
    "CN": "cn_tin",
    "CO": "co_nit",
    "EG": "eg_tin",
    "GB": "gb_vat",
    "GE": "ge_vat",
    "HK": "hk_br",
    "ID": "id_npwp",
    "IL": "il_vat",
    "IN": "in_gst",
    "IS": "is_vat",
    "JP": "jp_trn",
    "KE": "ke_pin",
    "KR": "kr_brn",
    "LI": "li_vat",
    "MX": "mx_rfc",
    "MY": "my_sst",
    "NG": "ng_tin",
    "NO": "no_vat",
    "NZ": "nz_gst",
    "PE": "pe_ruc",
    "PH": "ph_tin",
    "RS": "rs_pib",
    "SA": "sa_vat",
    "SG": "sg_gst",
    "TH": "th_vat",
    "TR": "tr_tin",
    "TW": "tw_vat",
    "UA": "ua_vat",
    "US": "us_ein",
    "UY": "uy_ruc",
    "VN": "vn_tin",
    "ZA": "za_vat",
    **dict.fromkeys(EUROPEAN_UNION, "eu_vat"),
}
"""Stripe's kind of tax id for a business in each country."""


def put_tax_id(
    vendor: Vendor, stripe_customer_id: str, *, value: str, country: str, action: Action
) -> None:
    """Have exactly this tax id there; an empty one removes what is there. Raises TaxIdNotValid."""
    wanted = canonical(value, country)
    kind = _kind(country) if wanted else ""
    present = gateway.read_tax_ids(vendor, stripe_customer_id)
    step = f"{stripe_customer_id}:tax_id"
    if wanted and not any(_bare(tax_id.value) == _bare(wanted) for tax_id in present):
        gateway.add_tax_id(
            vendor, stripe_customer_id, kind=kind, value=wanted, key=action.key(step)
        )
    for tax_id in present:
        if _bare(tax_id.value) != _bare(wanted):
            gateway.remove_tax_id(
                vendor,
                stripe_customer_id,
                tax_id_id=tax_id.tax_id_id,
                key=action.key(f"{step}:{tax_id.tax_id_id}"),
            )


def canonical(value: str, country: str) -> str:
    """As it is sent and kept: `de 123.456.789` is `DE123456789`."""
    if KINDS.get(country) != "eu_vat":
        return value.strip().upper()
    prefix = "EL" if country == "GR" else country
    bare = _bare(value)
    return bare if not bare or bare.startswith(prefix) else prefix + bare


def _kind(country: str) -> str:
    if (kind := KINDS.get(country)) is None:
        raise TaxIdNotValid(
            _("We cannot take tax IDs of this country. Please choose the country of the company.")
            if country
            else _("Please choose the country that the tax ID belongs to.")
        )
    return kind


def _bare(value: str) -> str:
    """As two spellings of the same number compare: without spaces, dots and dashes."""
    return re.sub(r"[\s.\-]", "", value).upper()
