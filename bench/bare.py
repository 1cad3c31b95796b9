"""The yardstick: Django with one view, no middleware and no database."""

from secrets import token_urlsafe

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY=token_urlsafe(), ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[]
)


def view(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("", view)]
django.setup()
application = WSGIHandler()
