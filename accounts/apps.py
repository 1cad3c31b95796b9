from anymail.signals import tracking
from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        # Models can be imported only now.
        from accounts import checks, guards, task_log, webhooks

        post_migrate.connect(guards.install, sender=self)
        register(checks.row_level_security, Tags.security, deploy=True)
        task_log.connect()
        webhooks.check_provider()
        tracking.connect(webhooks.take_in)
