// A collection as it goes on: its stream says that something changed, and the page fetches itself anew (htmx does it, in place), at most
// once a second. A hidden page does not listen.
const AT_MOST = 1000;

const root = document.body.dataset.root;
const section = () => document.getElementById("collection");
let source = null;
let timer = 0;

const refresh = () => {
  timer = 0;
  section()?.dispatchEvent(new CustomEvent("changed"));
};

const soon = (wait) => {
  if (timer) return;
  timer = setTimeout(refresh, wait);
};

const stop = () => {
  source?.close();
  source = null;
};

const listen = () => {
  const uid = section()?.dataset.collection;
  if (source || !uid) return;
  source = new EventSource(`${root}/api/collections/${encodeURIComponent(uid)}/events`);
  let first = true;
  source.addEventListener("progress", () => {
    soon(first ? 0 : AT_MOST);
    first = false;
  });
  source.addEventListener("ended", () => {
    stop();
    clearTimeout(timer);
    refresh();
  });
};

document.addEventListener("visibilitychange", () => (document.hidden ? stop() : listen()));
addEventListener("pagehide", stop);
addEventListener("pageshow", (event) => { if (event.persisted) { listen(); soon(0); } });
if (!document.hidden) listen();
