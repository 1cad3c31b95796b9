"""What settings refuse before anything starts."""

import os
import subprocess
import sys

import pytest

from scripts.keys import fresh_keys

SECRETS = fresh_keys()


def load(then: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", f"import config.settings; {then}"],
        env=clean | SECRETS | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("stand_in", ["DEMO", "STRIPE_SANDBOX"])
def test_production_has_neither_a_demo_nor_a_stand_in_for_stripe(stand_in):
    refused = load(HTTPS="1", **{stand_in: "1"})

    assert refused.returncode != 0
    assert "production has neither" in refused.stderr


@pytest.mark.parametrize("environment", [{}, {"HTTPS": "0", "DEMO": "1", "STRIPE_SANDBOX": "1"}])
def test_production_and_a_demo_on_a_laptop_both_load(environment):
    assert load(**environment).returncode == 0


ASK = {"SECOND_FACTOR_IN_DEMO": "1"}


@pytest.mark.parametrize(
    ("asked", "environment"),
    [
        ("True", {}),
        ("False", {"HTTPS": "0", "DEMO": "1"}),
        ("True", {"HTTPS": "0", "DEMO": "1"} | ASK),
    ],
)
def test_staff_need_a_second_factor_but_in_a_demo_that_did_not_ask_for_it(asked, environment):
    told = load("print(config.settings.SECOND_FACTOR_REQUIRED)", **environment)

    assert told.stdout.strip() == asked
