"""Who signs in to the demo's admin. Plain text, so that scripts can print it without Django."""

PASSWORD = "demo-only"  # noqa: S105  printed on the screen by ./hub.sh run
OPERATOR = "operator@hub.example"
ACME_OWNER = "owner@acme-courses.example"
ACME_SUPPORT = "support@acme-courses.example"
GLOBEX_OWNER = "inhaberin@globex.example"
GLOBEX_SUPPORT = "service@globex.example"
