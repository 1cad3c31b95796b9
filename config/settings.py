"""One settings file; what differs between machines is an environment variable (.env.example)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _

from config.environment import PORTS, env
from config.logs import logging_config
from config.passwords import PASSWORD_VALIDATORS
from config.schedules import SCHEDULES

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Core ---
SECRET_KEY = env.secret("SECRET_KEY")
FIELD_ENCRYPTION_KEYS = env.fernet_keys("FIELD_ENCRYPTION_KEYS")
DEBUG = env.yes_no("DEBUG")
DEMO = env.yes_no("DEMO")

# --- Addresses: a vendor's hub is <subdomain>.HUB_DOMAIN, the admin lives on PLATFORM_HOST ---
HUB_DOMAIN = env.host("HUB_DOMAIN", default="localhost")
PLATFORM_HOST = env.host("PLATFORM_HOST", default=f"hub.{HUB_DOMAIN}")
HTTPS = env.yes_no("HTTPS", default=True)
PUBLIC_SCHEME = "https" if HTTPS else "http"
PUBLIC_PORT_SUFFIX = f":{port}" if (port := env.number("PUBLIC_PORT", default=0)) else ""
PLATFORM_ORIGIN = f"{PUBLIC_SCHEME}://{PLATFORM_HOST}{PUBLIC_PORT_SUFFIX}"
# Whom to ask about vendors' own domains; empty: the machine's own name servers.
DNS_SERVERS = env.addresses("DNS_SERVERS")
DNS_PORT = env.number("DNS_PORT", default=53, among=PORTS)
ALLOWED_HOSTS = ["*"]  # accounts.middleware answers 404 for every host it does not know

# --- The demo and the stand-in for Stripe stay on a machine without certificates ---
STRIPE_SANDBOX = env.yes_no("STRIPE_SANDBOX")
if HTTPS and (DEMO or STRIPE_SANDBOX) and not env.yes_no("TESTING"):
    raise ImproperlyConfigured("DEMO and STRIPE_SANDBOX need HTTPS=0: production has neither.")

# --- Apps: upper ones may import lower ones, never the reverse ---
INSTALLED_APPS = [
    "hub",
    "billing",
    "invoices",
    "accounts",
    "hub.apps.StaffSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "django_countries",
    "django_ox",
    "anymail",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
]

MIDDLEWARE = [
    "config.request_log.RequestLogMiddleware",
    # Headers come first, so that every answer has them: files, redirects to HTTPS, errors.
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "config.policy_reports.ReportingEndpointsMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.middleware.ClientMiddleware",
    "accounts.middleware.VendorMiddleware",
    "accounts.middleware.MachineMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.middleware.CustomerMiddleware",
    "accounts.middleware.SupportViewMiddleware",
    "accounts.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "hub.problems.ProblemMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.StaffScopeMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "hub.staff_door.middleware.SecondFactorMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "accounts.User"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- Database ---
_SQLITE = f"sqlite:///{BASE_DIR}/var/hub.sqlite3"
DATABASES = {"default": env.database("DATABASE_URL", default=_SQLITE)}
DATABASES["default"]["CONN_MAX_AGE"] = 600
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
# On PostgreSQL a role owns the tables that only migrate and flush sign in as (accounts/guards.py).
DATABASE_OWNER: dict[str, str] = {}
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    DATABASES["default"]["ENGINE"] = "accounts.postgresql"
    DATABASE_OWNER = env.database_login("DATABASE_OWNER_URL")
DATABASE_APPLICATION_ROLE = DATABASES["default"].get("USER", "") if DATABASE_OWNER else ""
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Time and language ---
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]

# --- Files ---
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", default=f"{BASE_DIR}/var/static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", default=f"{BASE_DIR}/var/media"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Sessions and cookies: host-only, so no vendor sees another's ---
_COOKIE_PREFIX = "__Host-" if HTTPS else ""
# A cache of each process for itself would keep a session alive that another one has ended.
_SHARED_CACHE = "cached_db" if env.text("CACHE_URL") else "db"
SESSION_ENGINE = f"django.contrib.sessions.backends.{_SHARED_CACHE}"
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}hub"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrf"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "accounts.views.form_expired"
BROWSER_COOKIE_NAME = f"{_COOKIE_PREFIX}browser"
ASKED_COOKIE_NAME = f"{_COOKIE_PREFIX}asked"
LANGUAGE_COOKIE_NAME = f"{_COOKIE_PREFIX}language"
LANGUAGE_COOKIE_SECURE = HTTPS

# --- Staff's sign-in: a password, then a passkey or an authenticator app (hub/staff_door) ---
AUTH_PASSWORD_VALIDATORS = PASSWORD_VALIDATORS
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
SECOND_FACTOR_REQUIRED = not DEMO or env.yes_no("SECOND_FACTOR_IN_DEMO")
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
ACCOUNT_ADAPTER = "hub.staff_door.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
# Passwords are counted by axes, codes and passkeys by hub/staff_door/tries.py.
ACCOUNT_RATE_LIMITS = {"login": None, "reauthenticate": None, "login_failed": None}
MFA_ADAPTER = "hub.staff_door.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Customer Hub"
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
AXES_LOCKOUT_PARAMETERS = ["ip_address"]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "accounts.http.client_address"
AXES_USERNAME_CALLABLE = "hub.staff_door.lockout.name_in"
AXES_LOCKOUT_CALLABLE = "hub.staff_door.lockout.answer"
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False

# --- Headers ---
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^domains/allowed/$"]
if env.yes_no("BEHIND_PROXY", default=HTTPS):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES = env.number("TRUSTED_PROXIES", default=int(HTTPS), among=range(100))
X_FRAME_OPTIONS = "DENY"
POLICY_REPORTS_NAME = "policy"
POLICY_REPORTS_PATH = "/policy-reports/"
SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "object-src": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "report-uri": [POLICY_REPORTS_PATH],
}
if HTTPS:  # over plain HTTP browsers know no endpoints, and would report nowhere
    SECURE_CSP["report-to"] = [POLICY_REPORTS_NAME]
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in (
        *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid"),
        *("magnetometer", "microphone", "midi", "serial", "usb", "xr-spatial-tracking"),
    )
}

# --- Logs: a line of JSON for each event, for eyes in the demo; masked in either case ---
LOGGING = logging_config(for_machines=not (DEMO or DEBUG), level=env.level("LOG_LEVEL"))

# --- Cache ---
CACHES = {"default": env.cache("CACHE_URL", default="locmemcache://")}
CACHES["default"]["KEY_FUNCTION"] = "accounts.tenancy.cache_key"

# --- Background work: a row first, a task as the nudge, a sweep for what was left ---
TASKS: dict[str, Any] = {
    "default": {
        "BACKEND": "django_ox.backend.OxBackend",
        "OPTIONS": {
            # What a killed worker had in hand is taken up again after so many seconds.
            "LOCK_TIMEOUT": 60,
            "SCHEDULES": SCHEDULES,
        },
    }
}

# --- Mail ---
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default=f"hub@{HUB_DOMAIN}")
MAILERS: dict[str, Any] = {
    "default": {
        "BACKEND": env.text("MAIL_BACKEND", default="django.core.mail.backends.smtp.EmailBackend"),
        "OPTIONS": env.options("MAIL_OPTIONS", example='{"host": "smtp.example.com"}'),
    }
}

# Whose word on undelivered mail is taken (accounts/webhooks.py), and the secret that it must show.
MAIL_WEBHOOK = env.text("MAIL_WEBHOOK")
_MAIL_SECRET = {"WEBHOOK_SECRET": env.text("ANYMAIL_WEBHOOK_SECRET")}
ANYMAIL = env.options("ANYMAIL", example='{"MAILGUN_WEBHOOK_SIGNING_KEY": "..."}') | _MAIL_SECRET

# --- The demo: mail is kept to be read at /mailbox/ on the platform's host, and never sent ---
if DEMO:
    INSTALLED_APPS.append("django_mail_preview")
    MAILERS["default"] = {"BACKEND": "django_mail_preview.backends.EmailBackend"}
    SILENCED_SYSTEM_CHECKS = ["django_mail_preview.W001", "django_mail_preview.W003"]
MAIL_PREVIEW_ALLOW = "hub.mailbox.is_open"
MAIL_PREVIEW_ROOT = MEDIA_ROOT.parent / "mail"
MAIL_PREVIEW_MAX_MESSAGES = 500

# --- Stripe; STRIPE_SANDBOX=1 puts the stand-in of billing/sandbox in its place ---
STRIPE_SANDBOX_URL = env.text("STRIPE_SANDBOX_URL", default="http://localhost:12111")
STRIPE_API_BASE = STRIPE_SANDBOX_URL if STRIPE_SANDBOX else "https://api.stripe.com"
# For vendors who connect their Stripe account to the platform's instead of giving keys.
STRIPE_PLATFORM_SECRET_KEY = env.text("STRIPE_PLATFORM_SECRET_KEY")
STRIPE_PLATFORM_PUBLISHABLE_KEY = env.text("STRIPE_PLATFORM_PUBLISHABLE_KEY")
STRIPE_PLATFORM_WEBHOOK_SECRET = env.text("STRIPE_PLATFORM_WEBHOOK_SECRET")
env.together("SECRET_KEY", "PUBLISHABLE_KEY", "WEBHOOK_SECRET", prefix="STRIPE_PLATFORM_")
STRIPE_JS_URL = "https://js.stripe.com/endive/stripe.js"
if STRIPE_SANDBOX:
    STRIPE_JS_URL = f"{STRIPE_SANDBOX_URL}/stripe.js"

# --- The card page's own policy: Stripe's script, frames and calls, and nothing else more ---
_STRIPE_SCRIPTS = (
    [STRIPE_SANDBOX_URL] if STRIPE_SANDBOX else ["https://js.stripe.com", "https://*.js.stripe.com"]
)
CARD_PAGE_CSP = {
    **SECURE_CSP,
    "script-src": [CSP.SELF, *_STRIPE_SCRIPTS],
    "connect-src": [CSP.SELF, STRIPE_API_BASE],
    "frame-src": [*_STRIPE_SCRIPTS]
    if STRIPE_SANDBOX
    else [*_STRIPE_SCRIPTS, "https://hooks.stripe.com"],
}
