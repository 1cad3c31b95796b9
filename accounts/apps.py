from django.apps import AppConfig
from django.db.models.signals import post_migrate

from accounts import guards


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        post_migrate.connect(guards.install, sender=self)
