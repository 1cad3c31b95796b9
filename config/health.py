"""Whether this process lives, and whether it may be sent requests."""

from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@never_cache
@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 once the database answers and has every migration; 503 until then."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _expect_every_migration()
    except (DatabaseError, _NotMigrated) as error:
        return HttpResponse(f"not ready: {type(error).__name__}\n", "text/plain", status=503)
    return HttpResponse("ready\n", content_type="text/plain")


class _NotMigrated(Exception):
    """A migration of this code is not in the database."""


@cache
def _expect_every_migration() -> None:
    """Only a yes is remembered: what is applied stays applied while this process runs."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise _NotMigrated
