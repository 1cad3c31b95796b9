"""What a member of staff may take as a password; length and lists instead of odd characters."""

_VALIDATION = "django.contrib.auth.password_validation"

PASSWORD_VALIDATORS: list[dict[str, object]] = [
    {
        "NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "first_name", "last_name")},
    },
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
]
