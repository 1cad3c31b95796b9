"""What is written down is so: the environment, the packages, the versions."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def read(name):
    return (ROOT / name).read_text()


def variables_read_by(module):
    """The names in env("..."), env.bool("...") and os.environ.get("...")."""
    calls = [node for node in ast.walk(ast.parse(read(module))) if isinstance(node, ast.Call)]
    return {
        call.args[0].value
        for call in calls
        if re.match(r"env\b|os\.environ\.get", ast.unparse(call.func)) and call.args
    }


@pytest.fixture
def variables():
    return (
        variables_read_by("config/settings.py")
        | variables_read_by("config/gunicorn.py")
        | set(re.findall(r"\$\{([A-Z_]+)", read("compose.yaml")))
    )


def test_the_readme_names_every_variable_of_the_environment_and_no_other(variables):
    assert set(re.findall(r"(?m)^\| `([A-Z_]+)` \|", read("README.md"))) == variables


def test_the_example_names_every_variable_of_the_environment_and_no_other(variables):
    assert set(re.findall(r"(?m)^(?:# )?([A-Z_]+)=", read(".env.example"))) == variables


def test_the_image_has_the_system_packages_that_the_set_up_installs():
    wanted = re.findall(r"(?m)^  want '?([^']+?)'? \S+ \S+ (?:libraries|font) ", read("hub.sh"))
    final_stage = read("Dockerfile").split("\nFROM ")[-1]
    installed = re.search(r"(?s)apt-get install -y --no-install-recommends(.+?)&&", final_stage)

    assert set(" ".join(wanted).split()) == set(installed[1].replace("\\", " ").split())


def test_the_image_has_the_python_of_the_project():
    version = read(".python-version").strip()

    assert set(re.findall(r"(?m)^FROM python:([\d.]+)-", read("Dockerfile"))) == {version}


def test_tests_run_on_the_versions_that_the_hub_runs_on():
    def pins(name):
        return set(re.findall(r"(?m)^(\S+==\S+)", read(f"requirements/{name}.txt")))

    assert pins("base") <= pins("dev")


@pytest.mark.parametrize("name", ["base", "dev"])
def test_every_package_has_its_hashes(name):
    pins = re.split(r"(?m)^(?=\S+==)", read(f"requirements/{name}.txt"))[1:]

    assert [pin for pin in pins if "--hash=sha256:" not in pin] == []


def test_the_oldest_python_is_the_same_everywhere():
    project = tomllib.loads(read("pyproject.toml"))

    assert project["project"]["requires-python"] == ">=3.12"
    assert project["tool"]["ruff"]["target-version"] == "py312"
    assert "sys.version_info < (3, 12)" in read("hub.sh")


@pytest.mark.parametrize(
    "paper",
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_links_between_pages_lead_somewhere(paper):
    links = re.findall(r"\]\(([^)#:]+)\)", paper.read_text())

    assert [link for link in links if not (paper.parent / link).exists()] == []


def test_every_test_that_noticed_a_broken_wall_is_still_there():
    named = set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?", read("docs/mutations.md")))
    missing = [
        (path, name)
        for path, name in named
        if not (ROOT / path).exists() or f"def {name}" not in read(path)
    ]
    assert missing == []
