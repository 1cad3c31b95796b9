"""Those who judge pages: the browser's console, axe-core for everyone, html-validate for form."""

import json
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, WebError

ROOT = Path(__file__).resolve().parent.parent.parent
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
HTML_VALIDATE = ROOT / "node_modules" / ".bin" / "html-validate"
RUN_AXE = """
async (runOnly) => {
  const { violations } = await axe.run(document, { runOnly, resultTypes: ["violations"] });
  return violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${rule.help} at ${node.target.join(" ")}`));
}
"""
WCAG = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
}
WIDTHS = (320, 375, 577, 640, 768, 834, 900, 1024, 1280)
"""Of phones, of tablets, and of what is left of a screen at 200 %."""
UNFIT = """
() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  const cells = [...document.querySelectorAll(".cards tbody :is(th, td)")];
  const wide = cells.filter((cell) => cell.scrollWidth > cell.clientWidth);
  const found = wide.map((cell) => `no room for ${cell.innerText}`);
  const spread = scrollWidth - clientWidth;
  return spread > 0 ? [`scrolls sideways by ${spread} px`, ...found] : found;
}
"""
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""Those of them that see colours: all that a page's dark scheme can break."""


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


def accessibility_violations(page: Page, rules: dict[str, Any] = WCAG) -> list[str]:
    """What axe-core finds on the page as it stands: one line for each rule and element."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text())
    found: list[str] = page.evaluate(RUN_AXE, rules)
    return found


def what_does_not_fit(page: Page) -> list[str]:
    """At each width: whether the page scrolls sideways, and which cells run into their
    neighbours."""
    before, found = page.viewport_size, []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{width} px: {complaint}" for complaint in page.evaluate(UNFIT)]
    if before:
        page.set_viewport_size(before)
    return found


def html_errors(sources: dict[str, str]) -> list[str]:
    """What html-validate finds in the pages' sources, which are given by name: page, rule, place
    and words for each error. It starts once for all of them."""
    with tempfile.TemporaryDirectory(prefix="hub-pages-") as folder:
        names = {}
        for number, (name, html) in enumerate(sources.items()):
            file = Path(folder) / f"{number}.html"
            file.write_text(html)
            names[str(file)] = name
        command = [HTML_VALIDATE, "--config", "tests/journeys/htmlvalidate.json"]
        result = subprocess.run(
            [*command, "--formatter", "json", *names],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
    if not result.stdout:
        raise RuntimeError(result.stderr)
    return [
        f"{names[report['filePath']]}: {message['ruleId']}: {message['message']}"
        f" (line {message['line']})"
        for report in json.loads(result.stdout)
        for message in report["messages"]
    ]
