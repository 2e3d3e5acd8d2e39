// Parts of a page that change by themselves: links and forms with data-part="<id>" fetch their address and replace only that element,
// in place. The address bar follows, back and forward work, and without this script the same links and forms load the whole page.
const PAUSE = 250;

const fetchPart = (id, address) => {
  const part = document.getElementById(id);
  const url = new URL(address, location.href);
  const path = url.pathname + url.search;
  // A change that arrives meanwhile refetches the new address, not the old one.
  if (part.hasAttribute("hx-get")) part.setAttribute("hx-get", path);
  part.setAttribute("aria-busy", "true");
  const done = () => document.getElementById(id)?.removeAttribute("aria-busy");
  return window.htmx.ajax("GET", path, { source: part, target: `#${id}`, select: `#${id}`, swap: "outerMorph" }).then(done, done);
};

const addressOf = (form) => {
  const url = new URL(form.action);
  url.search = "";
  for (const [name, value] of new FormData(form)) if (value) url.searchParams.set(name, value);
  return url.href;
};

const go = (id, address, { replace = false } = {}) => {
  history[replace ? "replaceState" : "pushState"]({ part: id }, "", address);
  return fetchPart(id, address);
};

const follow = (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[data-part]");
  if (!link) return;
  event.preventDefault();
  const id = link.dataset.part;
  go(id, link.href).then(() => {
    const top = document.getElementById(id);
    if (top.getBoundingClientRect().top < 0) top.scrollIntoView({ block: "start" });
  });
};

const start = () => {
  let timer = 0;
  const formOf = (event) => event.target.closest?.("form[data-part]");
  const ask = (form, options) => { clearTimeout(timer); go(form.dataset.part, addressOf(form), options); };
  document.addEventListener("click", follow);
  document.addEventListener("submit", (event) => {
    const form = formOf(event);
    if (form) { event.preventDefault(); ask(form); }
  });
  document.addEventListener("input", (event) => {
    const form = formOf(event);
    if (!form || event.target.matches("select")) return;
    clearTimeout(timer);
    timer = setTimeout(() => ask(form, { replace: true }), PAUSE);
  });
  document.addEventListener("change", (event) => {
    const form = formOf(event);
    if (form && event.target.matches("select")) ask(form);
    // A choice that concerns the whole page loads it.
    const whole = event.target.closest?.("form[data-go]");
    if (whole) location.assign(addressOf(whole));
  });
  addEventListener("popstate", () => {
    const ids = new Set([...document.querySelectorAll("[data-part]")].map((element) => element.dataset.part));
    for (const id of ids) fetchPart(id, location.href);
  });
};

start();
