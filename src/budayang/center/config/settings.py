"""Django's settings, made from the table in `table.py`. Nothing here reads the environment on its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog

from budayang.center.config.table import BadSetting, read_settings
from budayang.center.platform.keyfiles import secret_key

BUDAYANG = read_settings()
BUDAYANG.data_dir.mkdir(parents=True, exist_ok=True)

SECRET_KEY = secret_key(BUDAYANG.data_dir)
DEBUG = BUDAYANG.debug
_host = urlsplit(BUDAYANG.public_url).hostname
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *([_host] if _host else [])]
CSRF_TRUSTED_ORIGINS = [BUDAYANG.public_url] if BUDAYANG.public_url else []

INSTALLED_APPS = [
    "budayang.center.platform",
    "budayang.center.areas",
    "budayang.center.terminals",
    "budayang.center.services",
    "budayang.center.signage",
    "budayang.center.maintenance",
    "budayang.center.evaluation",
    "budayang.center.standard",
    "budayang.center.config",
    "budayang.center.console",
    "budayang.center.public",
    "budayang.center.api",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_tasks",
    "django_tasks_db",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "budayang.center.platform.access.AccessMiddleware",
]

ROOT_URLCONF = "budayang.center.config.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "budayang.center.platform.access.page_context",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "budayang.center.platform.templatetags.platform_format",
            ],
        },
    }
]


CONNECTION_S = 600
"""How long a thread keeps its connection. A new one costs SQLite a reading of the whole schema (measured: 3.7 ms),
PostgreSQL a process."""


def _database() -> dict[str, Any]:
    """SQLite in the data folder, or the PostgreSQL of `database_url`."""
    if not BUDAYANG.database_url:
        return {
            "ENGINE": "budayang.center.config.sqlite3",
            "NAME": str(BUDAYANG.data_dir / "center.sqlite3"),
            "CONN_MAX_AGE": CONNECTION_S,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 15,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
            },
        }
    url = urlsplit(BUDAYANG.database_url)
    if url.scheme not in {"postgresql", "postgres"} or not url.path.strip("/"):
        raise BadSetting("BUDAYANG_DATABASE_URL cannot be used: write postgresql://user:password@host:port/name.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": CONNECTION_S,
        "CONN_HEALTH_CHECKS": True,
        "NAME": url.path.strip("/"),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": str(url.port or ""),
        # Its estimate of a page's queries is high, and compiling one takes longer than running it.
        "OPTIONS": {"options": "-c jit=off"},
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _cache(table: str, most: int) -> dict[str, Any]:
    backend = "django.core.cache.backends.db.DatabaseCache"
    return {"BACKEND": backend, "LOCATION": table, "OPTIONS": {"MAX_ENTRIES": most}}


# Rate limits (sign-in lock-out) must hold across processes, hence a table and not this process's memory. A full one
# throws the keys out that come first in the alphabet, those of sign-in before all: it must not be filled by what
# anybody may ask, so the marks of questions have a table of their own.
CACHES = {"default": _cache("platform_cache", 200_000), "searches": _cache("services_searched", 20_000)}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

AUTH_USER_MODEL = "platform.Staff"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "budayang.center.platform.signin.StaffAdapter"
ACCOUNT_RATE_LIMITS = {"login_failed": "30/m/ip,5/900s/key"}
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
MFA_ADAPTER = "budayang.center.platform.signin.SecondStepAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "不打烊 Budayang"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/console/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/accounts/login/"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = BUDAYANG.public_url.startswith("https://")
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = BUDAYANG.language
# Mongolian is added here when people have filled and approved its catalogues: docs/develop/translations.md.
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATIC_ROOT = str(BUDAYANG.data_dir / "static")
Path(STATIC_ROOT).mkdir(exist_ok=True)
STATICFILES_DIRS = [str(Path(__file__).resolve().parents[1] / "static")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"stderr": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
}
# A traceback never shows the values of variables: they may be what a person typed.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
