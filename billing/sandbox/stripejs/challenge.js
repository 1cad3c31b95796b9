/* The bank's frame: brings the customer's answer to the sandbox and tells the page that it is given. */

import { connectToPage } from "./channel.js";

const form = document.getElementById("challenge");
let answered = false;

async function answer(outcome) {
  if (answered) return;
  answered = true;
  form.setAttribute("aria-busy", "true");
  try {
    await fetch(location.href, { method: "POST", body: new URLSearchParams({ outcome }) });
  } finally {
    page.tell("finished");
  }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  answer(event.submitter.value);
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape") answer("fail");
});

const page = await connectToPage({ cancel: () => answer("fail") });
page.tell("ready");
if (form) document.querySelector("h1").focus();
else page.tell("finished");
