"""Those who judge pages: the browser's console, axe-core for everyone, html-validate for form."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, WebError

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
HTML_VALIDATE = ROOT / "node_modules" / ".bin" / "html-validate"
RUN_AXE = """
async (tags) => {
  const options = { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] };
  const { violations } = await axe.run(document, options);
  return violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${rule.help} at ${node.target.join(" ")}`));
}
"""
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass
class Complaints:
    heard: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def listen_to(self, context: BrowserContext) -> None:
        context.on("console", self.console)
        context.on("weberror", self.exception)

    def console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"{message.text} ({message.location['url']})")

    def exception(self, error: WebError) -> None:
        self.heard.append(str(error.error))

    def expect(self, words: str) -> None:
        self.expected.append(words)

    def unexpected(self) -> list[str]:
        return [said for said in self.heard if not any(words in said for words in self.expected)]


def accessibility_violations(page: Page) -> list[str]:
    """What axe-core finds on the page as it stands: one line for each rule and element."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(RUN_AXE, WCAG)
    return found


def html_errors(html: str) -> list[str]:
    """What html-validate finds in a page's source: rule, place and words for each error."""
    result = subprocess.run(
        [
            HTML_VALIDATE,
            "--config",
            "tests/journeys/htmlvalidate.json",
            "--formatter",
            "json",
            "--stdin",
        ],
        input=html,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    if not result.stdout:
        raise RuntimeError(result.stderr)
    return [
        f"{message['ruleId']}: {message['message']} (line {message['line']})"
        for report in json.loads(result.stdout)
        for message in report["messages"]
    ]
