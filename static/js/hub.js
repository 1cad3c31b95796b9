// Comfort only: without this file a dialog's link leads to a page, and messages stay where they are.

// The form of the page that the link leads to, fetched when it is first wanted.
async function fill(body, url) {
  if (body.childElementCount) return;
  const answer = await fetch(url, { headers: { "X-Part": "form" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) location.assign(url);
  else {
    body.innerHTML = await answer.text();
    body.querySelector("input:not([type=hidden])").autofocus = true;
  }
}

for (const opener of document.querySelectorAll("[data-dialog]")) {
  const dialog = document.getElementById(opener.dataset.dialog);
  opener.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    await fill(dialog.querySelector(".dialog-body"), opener.href);
    dialog.showModal();
  });
  dialog.addEventListener("mousedown", (event) => {
    if (event.target === dialog) dialog.close();
  });
  dialog.addEventListener("close", () => opener.focus());
}

// A live region speaks when it changes, so its words are put in once more.
for (const toast of document.querySelectorAll(".toast[role=status]")) {
  setTimeout(() => toast.append(...toast.childNodes), 200);
}

// The summary of errors comes first; its links lead into the fields themselves.
document.querySelector(".errors")?.focus();

document.addEventListener("click", (event) => {
  const control = event.target.closest("[data-close], .errors a");
  if (control?.matches("[data-close]")) control.closest(".toast").remove();
  if (control?.hash) document.querySelector(control.hash)?.focus();
});

// A form that changes something is sent once, however often the button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.forms) delete form.dataset.sent;
  for (const button of document.querySelectorAll("button[aria-busy]")) button.removeAttribute("aria-busy");
});
