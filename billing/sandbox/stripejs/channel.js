/* The private channel to the page that embeds a frame. The first greeting of the embedding page opens it. */

const LOOPBACK = /^https?:\/\/((.+\.)?localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/* Resolves with the page's settings and `tell(event, detail)`; `answers` maps each question to a function. */
export function connectToPage(answers) {
  return new Promise((resolve) => {
    addEventListener("message", function greeting(event) {
      if (event.source !== parent || !LOOPBACK.test(event.origin) || !event.ports[0]) return;
      removeEventListener("message", greeting);
      const [port] = event.ports;
      port.onmessage = async ({ data }) => {
        const result = await answers[data.ask](data.detail);
        port.postMessage({ reply: data.number, result });
      };
      resolve({ settings: event.data.settings, tell: (name, detail) => port.postMessage({ event: name, detail }) });
    });
  });
}
