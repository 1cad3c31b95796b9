"""What the worker does by itself, and how often: seconds, or a cron line in UTC."""

from typing import Any

SCHEDULES: dict[str, Any] = {
    "sweep-sign-in-links": {"task": "accounts.tasks.sweep_links", "every": 60},
    "sweep-documents": {"task": "invoices.tasks.sweep_documents", "every": 60},
    "sweep-stripe-events": {"task": "billing.tasks.sweep_events", "every": 20},
    "sweep-billing-acts": {"task": "billing.tasks.sweep_actions", "every": 60},
    "sweep-billing-notices": {"task": "billing.tasks.sweep_notices", "every": 60},
    "compare-missed": {"task": "billing.tasks.reconcile_missed", "every": 900},
    "compare-everything": {
        "task": "billing.tasks.reconcile_everything",
        "cron": "23 3 * * *",
    },
    "note-expiring-cards": {"task": "billing.tasks.note_expiring_cards", "every": 3600},
    "prune-policy-reports": {
        "task": "accounts.tasks.prune_policy_reports",
        "every": 86400,
    },
    "check-domains": {"task": "accounts.tasks.check_domains", "cron": "37 2 * * *"},
    "prune-sessions": {"task": "accounts.tasks.prune_sessions", "every": 86400},
    "prune-stripe-events": {"task": "billing.tasks.prune_events", "every": 86400},
}
