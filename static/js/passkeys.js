// A form with data-passkey asks the browser for a passkey ("create" or "get") before it is sent.
// webauthnJSON (allauth's webauthn-json.js) speaks to the browser.

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const options = JSON.parse(form.querySelector("#passkey-options").textContent);
  const failed = form.querySelector("[data-passkey-failed]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.hidden = true;
    try {
      const credential = await window.webauthnJSON[form.dataset.passkey](options);
      form.elements.credential.value = JSON.stringify(credential);
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}
