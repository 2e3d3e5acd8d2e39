// Live pages: listens to the stream of changes and asks the elements that show them to fetch themselves anew (htmx does it, in place).
// A hidden page does not listen; when it is seen again it catches up.
const SOON = 250;
const EVERY_MINUTE = 60000;
const LATER = 30000;

const concerned = (element, servers) => {
  const own = element.dataset.live;
  return servers === null || !own || own.split("\n").some((key) => servers.has(key));
};

export const startLive = () => {
  const root = document.body.dataset.root;
  const sign = document.getElementById("live");
  const words = JSON.parse(document.body.dataset.words);
  if (!sign) return;
  let source = null;
  let known = document.body.dataset.version;
  let waiting = null; // what changed since the last look: a set of servers, null for everything
  let timer = 0;

  const tell = () => {
    timer = 0;
    const servers = waiting;
    for (const element of document.querySelectorAll("[data-live]")) {
      if (concerned(element, servers)) element.dispatchEvent(new CustomEvent("changed"));
    }
    document.dispatchEvent(new CustomEvent("changed", { detail: { servers } }));
  };

  const note = (servers) => {
    if (!timer) { waiting = servers; timer = setTimeout(tell, SOON); return; }
    if (waiting === null || servers === null) waiting = null;
    else for (const key of servers) waiting.add(key);
  };

  const hear = (event) => {
    const message = JSON.parse(event.data);
    if (message.version === known) return;
    known = message.version;
    note(message.servers ? new Set(message.servers) : null);
  };

  const show = (connected) => {
    sign.classList.toggle("is-off", !connected);
    const text = connected ? words.live : words.offline;
    if (sign.textContent !== text) sign.textContent = text;
  };

  const listen = () => {
    if (source) return;
    source = new EventSource(`${root}/api/events`);
    source.addEventListener("open", () => show(true));
    source.addEventListener("error", () => {
      show(false);
      // The browser tries again by itself, except after an answer that was a refusal.
      if (source?.readyState !== EventSource.CLOSED) return;
      source = null;
      setTimeout(() => { if (!document.hidden) listen(); }, LATER);
    });
    source.addEventListener("version", (event) => {
      const message = JSON.parse(event.data);
      if (message.version !== known) { known = message.version; note(null); }
    });
    source.addEventListener("changed", hear);
  };

  const stop = () => { source?.close(); source = null; };

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return stop();
    listen();
    note(null);
  });
  // Leaving the page ends the stream at once, so that the next page does not wait for a free connection.
  addEventListener("pagehide", stop);
  addEventListener("pageshow", (event) => { if (event.persisted) { listen(); note(null); } });
  // Verdicts change by time alone, too.
  setInterval(() => { if (!document.hidden) note(null); }, EVERY_MINUTE);
  if (!document.hidden) listen();
  document.addEventListener("click", (event) => { if (event.target.closest("[data-refresh]")) note(null); });
};
