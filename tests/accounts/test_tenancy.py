"""No vendor, no data; and no way to write into another's."""

import pytest
from asgiref.sync import async_to_sync
from django_scopes.exceptions import ScopeError

from accounts.models import Customer, EmailAddress, MagicLink, Vendor
from accounts.tenancy import OutsideVendorScope, current_vendor, vendor_scope


async def all_of(rows):
    return [row async for row in rows]


QUERIES = {
    "all": lambda rows: rows.all(),
    "filter": lambda rows: rows.filter(pk=1),
    "exclude": lambda rows: rows.exclude(pk=1),
    "get": lambda rows: rows.get(pk=1),
    "first": lambda rows: rows.first(),
    "last": lambda rows: rows.last(),
    "latest": lambda rows: rows.latest("pk"),
    "earliest": lambda rows: rows.earliest("pk"),
    "count": lambda rows: rows.count(),
    "exists": lambda rows: rows.exists(),
    "contains": lambda rows: rows.contains(Customer(pk=1)),
    "aggregate": lambda rows: rows.aggregate(),
    "annotate": lambda rows: rows.annotate(),
    "alias": lambda rows: rows.alias(),
    "values": lambda rows: rows.values(),
    "values_list": lambda rows: rows.values_list(),
    "in_bulk": lambda rows: rows.in_bulk(),
    "iterator": lambda rows: list(rows.iterator()),
    "dates": lambda rows: list(rows.dates("created_at", "year")),
    "datetimes": lambda rows: list(rows.datetimes("created_at", "year")),
    "order_by": lambda rows: rows.order_by("pk"),
    "reverse": lambda rows: rows.reverse(),
    "distinct": lambda rows: list(rows.distinct()),
    "defer": lambda rows: list(rows.defer("name")),
    "only": lambda rows: list(rows.only("name")),
    "using": lambda rows: list(rows.using("default")),
    "select_related": lambda rows: list(rows.select_related("vendor")),
    "prefetch_related": lambda rows: list(rows.prefetch_related("addresses")),
    "select_for_update": lambda rows: rows.select_for_update(),
    "union": lambda rows: rows.union(rows),
    "intersection": lambda rows: list(rows.intersection(rows.defer("name"))),
    "difference": lambda rows: list(rows.difference(rows.defer("name"))),
    "extra": lambda rows: list(rows.extra(where=["1=1"])),
    "raw": lambda rows: list(rows.raw("SELECT * FROM accounts_customer")),
    "complex_filter": lambda rows: rows.complex_filter({"pk": 1}),
    "update": lambda rows: rows.update(name="Eve"),
    "delete": lambda rows: rows.get_queryset().delete(),
    "bulk_create": lambda rows: rows.bulk_create([Customer(name="Eve")]),
    "bulk_update": lambda rows: rows.bulk_update([Customer(pk=1, name="Eve")], ["name"]),
    "get_or_create": lambda rows: rows.get_or_create(name="Eve"),
    "update_or_create": lambda rows: rows.update_or_create(name="Eve"),
    "create": lambda rows: rows.create(name="Eve", email="eve@example.com"),
    "bool": lambda rows: bool(rows.get_queryset()),
    "len": lambda rows: len(rows.get_queryset()),
    "index": lambda rows: rows.get_queryset()[0],
    "subquery": lambda rows: list(Vendor.objects.filter(pk__in=rows.defer("name"))),
    "async for": lambda rows: async_to_sync(all_of)(rows.get_queryset()),
    "explain": lambda rows: rows.get_queryset().explain(),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES.keys())
def test_without_a_vendor_nothing_can_be_asked(alice, query):
    with pytest.raises((ScopeError, OutsideVendorScope)):
        query(Customer.objects)

    with vendor_scope(None):
        assert list(Customer.objects.values_list("name", flat=True)) == ["Alice"]


def test_one_vendor_does_not_see_the_other(alice, carol):
    with vendor_scope(carol.vendor):
        assert list(Customer.objects.all()) == [carol]
        assert not Customer.objects.filter(pk=alice.pk).exists()


def test_staff_of_two_vendors_see_both_and_nobody_elses(alice, carol, acme, globex):
    with vendor_scope([acme]):
        assert set(Customer.objects.all()) == {alice}
    with vendor_scope([acme, globex]):
        assert set(Customer.objects.all()) == {alice, carol}
    with vendor_scope([]):
        assert set(Customer.objects.all()) == set()


def test_a_row_cannot_be_saved_for_another_vendor(alice, globex):
    with vendor_scope(globex), pytest.raises(OutsideVendorScope):
        alice.save()


def test_a_row_cannot_be_saved_without_any_scope(alice):
    with pytest.raises(OutsideVendorScope):
        alice.save()


def test_a_row_cannot_be_handed_to_another_vendor(alice, acme, globex):
    alice.vendor = globex
    with vendor_scope(acme), pytest.raises(OutsideVendorScope):
        alice.save()


def test_a_row_cannot_point_at_another_vendors_row(alice, carol, in_acme):
    with pytest.raises(OutsideVendorScope):
        EmailAddress.objects.create(customer=carol, address="x@example.com")
    with pytest.raises(OutsideVendorScope):
        MagicLink.objects.create(vendor=carol.vendor, customer=alice, email="x@example.com")


def test_not_even_by_staff_of_both_vendors(alice, carol, acme, globex):
    for scope in ([acme, globex], None):
        with vendor_scope(scope), pytest.raises(OutsideVendorScope):
            EmailAddress.objects.create(vendor=acme, customer=carol, address="x@example.com")


def test_a_new_row_is_the_vendors_in_scope(in_acme):
    assert Customer.objects.create(email="eve@example.com").vendor == in_acme


def test_which_vendor_is_only_answered_for_one(acme, globex):
    with vendor_scope(acme):
        assert current_vendor() == acme
    for many in (None, [acme, globex]):
        with vendor_scope(many), pytest.raises(OutsideVendorScope):
            current_vendor()
    with pytest.raises(OutsideVendorScope):
        current_vendor()


def test_the_scope_ends_with_its_block_also_after_an_error(alice, acme):
    with pytest.raises(ZeroDivisionError), vendor_scope(acme):
        raise ZeroDivisionError
    with pytest.raises(ScopeError):
        Customer.objects.count()
