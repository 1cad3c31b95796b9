/* The bank's frame: brings the customer's answer to the sandbox and tells the page what came of it. */

import { connectToPage } from "./channel.js";
import { authenticateIntent, readIntent } from "./intents.js";

const form = document.getElementById("challenge");
let answered = false;

async function answer(passed) {
  if (answered) return;
  answered = true;
  form.setAttribute("aria-busy", "true");
  page.tell("finished", await authenticateIntent(page.settings, passed));
}

const page = await connectToPage({ cancel: () => answer(false) });
if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer(event.submitter.value === "complete");
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") answer(false);
  });
  // Until now nobody would have heard a click.
  for (const button of form.elements) button.disabled = false;
  page.tell("ready");
  document.querySelector("h1").focus();
} else {
  page.tell("ready");
  page.tell("finished", await readIntent(page.settings));
}
