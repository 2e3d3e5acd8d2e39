// Parts of a page that change by themselves: links and forms with data-part="<id>" fetch their address and replace only that element,
// in place. The address bar follows, back and forward work, and without this script the same links and forms load the whole page.
// A part names the words of the address that are its own in data-params; those of the other parts stay as they are.
const PAUSE = 250;

const parts = () => document.querySelectorAll("[data-params]");

const merged = (id, address) => {
  const url = new URL(address, location.href);
  const now = new URL(location.href).searchParams;
  for (const other of parts()) {
    if (other.id === id) continue;
    for (const name of other.dataset.params.split(" ")) {
      if (now.has(name)) url.searchParams.set(name, now.get(name));
      else url.searchParams.delete(name);
    }
  }
  return url.href;
};

// Parts whose newest request was refused: the part stays as it was, and the whole page says what is wrong.
const refused = new Set();
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (ctx?.response?.raw?.status >= 400 && ctx.sourceElement?.id) refused.add(ctx.sourceElement.id);
});

// A swap in place keeps what people chose and typed; where that is over, the fields say again what is shown.
const settle = (part) => {
  for (const field of part?.querySelectorAll("select, input[type=search]") ?? []) {
    if (field === document.activeElement) continue;
    if (field instanceof HTMLSelectElement) field.selectedIndex = Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
    else field.value = field.defaultValue;
  }
};

const fetchPart = (id, address) => {
  const part = document.getElementById(id);
  const url = new URL(address, location.href);
  const path = url.pathname + url.search;
  // A change that arrives meanwhile refetches the new address, not the old one.
  if (part.hasAttribute("hx-get")) part.setAttribute("hx-get", path);
  part.setAttribute("aria-busy", "true");
  const done = () => {
    const now = document.getElementById(id);
    now?.removeAttribute("aria-busy");
    settle(now);
  };
  return window.htmx.ajax("GET", path, { source: part, target: `#${id}`, select: `#${id}`, swap: "outerMorph" }).then(done, done);
};

const addressOf = (form) => {
  // Not `form.action`: a field may have that name.
  const url = new URL(form.getAttribute("action"), location.href);
  url.search = "";
  for (const [name, value] of new FormData(form)) if (value) url.searchParams.set(name, value);
  return url.href;
};

const go = (id, asked, { replace = false } = {}) => {
  const address = merged(id, asked);
  refused.delete(id);
  history[replace ? "replaceState" : "pushState"]({ part: id }, "", address);
  return fetchPart(id, address).then(() => { if (refused.has(id)) location.reload(); });
};

const follow = (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[data-part]");
  if (!link) return;
  event.preventDefault();
  const id = link.dataset.part;
  go(id, link.href).then(() => {
    const part = document.getElementById(id);
    if (part && part.getBoundingClientRect().top < 0) part.scrollIntoView({ block: "start" });
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
    for (const part of parts()) fetchPart(part.id, location.href);
  });
};

start();
