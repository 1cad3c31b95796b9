"""Settings for the tests: the real ones, on hosts of their own, with mail kept in memory."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "tests-only")
os.environ.setdefault("FIELD_ENCRYPTION_KEYS", "s9Gih91AlEN7d_Miu8BrDov5dsH-7JdbYVbJ4dxXBrY=")
os.environ.setdefault("DATABASE_URL", "sqlite:///:memory:")
os.environ.update(
    HUB_DOMAIN="test",
    HTTPS="1",
    TRUSTED_PROXIES="0",
    STRIPE_SANDBOX="1",
    TESTING="1",
    MAIL_WEBHOOK="postmark",
    ANYMAIL_WEBHOOK_SECRET="mail:only-for-the-tests",
)

from config.settings import *  # noqa: F403

_SCRATCH = Path(tempfile.mkdtemp(prefix="hub-tests-"))
atexit.register(shutil.rmtree, _SCRATCH, ignore_errors=True)
MEDIA_ROOT, STATIC_ROOT = _SCRATCH / "media", _SCRATCH / "static"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in production: one in memory belongs to a single thread.
    DATABASES["default"]["TEST"] = {"NAME": str(_SCRATCH / "hub.sqlite3")}  # noqa: F405
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DNS_SERVERS, DNS_PORT = ["127.0.0.1"], 9  # nobody, but where a test starts tests.nameserver
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True  # static files as they are, uncollected
SECURE_SSL_REDIRECT = False
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
TASKS = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
