"""Fresh secrets for a new installation, as lines for its environment.

python -m scripts.keys >> .env
"""

import base64
import secrets


def fresh_keys() -> dict[str, str]:
    """FIELD_ENCRYPTION_KEYS seals what vendors entrust to us: who loses it, loses their keys."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
    }


if __name__ == "__main__":
    for name, value in fresh_keys().items():
        print(f"{name}={value}")
