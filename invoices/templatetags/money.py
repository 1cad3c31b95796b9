"""Amounts in templates: {{ row.amount_minor|money:row.currency }}"""

from django import template

from invoices.money import format_money

register = template.Library()


@register.filter
def money(amount_minor: int, currency: str) -> str:
    return format_money(amount_minor, currency)
