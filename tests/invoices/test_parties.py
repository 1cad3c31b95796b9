import pytest

from accounts.models import Customer, Vendor
from invoices.parties import address_lines, buyer_of, seller_of


def lines(language="en", **fields):
    return address_lines(Customer(**fields), language=language)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            {"line1": "4 rue Noire", "postcode": "69002", "city": "Lyon", "country": "FR"},
            ["4 rue Noire", "69002 Lyon", "France"],
        ),
        (
            {"line1": "1 High St", "line2": "Flat 2", "postcode": "N1 9GU", "city": "London"}
            | {"country": "GB"},
            ["1 High St", "Flat 2", "London", "N1 9GU", "United Kingdom"],
        ),
        (
            {"line1": "1 Elm St", "postcode": "62701", "city": "Springfield", "region": "IL"}
            | {"country": "US"},
            ["1 Elm St", "Springfield, IL 62701", "United States"],
        ),
        (
            {"line1": "千代田1-1", "postcode": "100-0001", "city": "千代田区", "region": "東京都"}
            | {"country": "JP"},
            ["〒100-0001", "東京都千代田区", "千代田1-1", "Japan"],
        ),
        (
            {"line1": "Marina Walk 7", "city": "Dubai", "country": "AE"},
            ["Marina Walk 7", "Dubai", "United Arab Emirates"],
        ),
        (
            {"line1": "Bundesplatz 3", "city": "Bern", "country": "CH"},
            ["Bundesplatz 3", "Bern", "Switzerland"],
        ),
        (
            {"line1": "1 Beach Road", "postcode": "189673", "city": "Singapore", "country": "SG"},
            ["1 Beach Road", "SINGAPORE 189673", "Singapore"],
        ),
    ],
)
def test_an_address_is_written_in_its_countrys_order(address, expected):
    assert lines(**address) == expected


def test_the_country_is_named_in_the_documents_language():
    assert lines("de", line1="4 rue Noire", country="FR")[-1] == "Frankreich"


def test_a_missing_address_leaves_no_empty_lines():
    assert lines() == []
    assert lines(city="Lyon") == ["Lyon"]


@pytest.mark.parametrize("country", ["", "FR", "DE", "AE", "JP", "SG", "HU", "US", "AQ", "KW"])
def test_no_part_of_an_address_is_lost_whatever_the_country(country):
    parts = {"line1": "Street 1", "line2": "Floor 2", "postcode": "P3", "city": "City4"}
    text = " ".join(lines(country=country, region="Region5", **parts))
    assert all(part in text for part in [*parts.values(), "Region5"])


def test_a_company_is_billed_under_its_own_name():
    customer = Customer(name="Alice Martin", company="Atelier SARL", email="alice@example.com")
    buyer = buyer_of(customer, language="en")
    assert (buyer["name"], buyer["lines"]) == ("Atelier SARL", ["Alice Martin"])


def test_without_a_name_the_address_they_sign_in_with_stands_in():
    assert buyer_of(Customer(email="a@example.com"), language="en")["name"] == "a@example.com"


def test_the_seller_is_the_legal_name_or_else_the_vendors():
    vendor = Vendor(name="Acme", legal_address=" 1 Street\r\n\r\nDublin ")
    assert seller_of(vendor, footer="")["name"] == "Acme"
    assert seller_of(vendor, footer="")["lines"] == ["1 Street", "Dublin"]
    vendor.legal_name = "Acme Ltd"
    assert seller_of(vendor, footer="")["name"] == "Acme Ltd"
