// The filter of the dashboard: "/" goes to it, Escape empties it. A fleet that is on the page in full is filtered here, at once;
// of a longer one the server is asked.
const PAUSE = 160;

const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);
const matches = (text, words) => words.every((word) => text.includes(word));
const textOf = (element) => element.textContent.toLowerCase();

const filterCards = (fleet, words) => {
  let left = 0;
  for (const card of fleet.querySelectorAll(".card")) {
    const server = `${textOf(card.querySelector("header"))} ${card.dataset.url ?? ""}`;
    let shown = 0;
    for (const item of card.querySelectorAll(".jobs > li")) {
      const hit = matches(`${server} ${textOf(item.querySelector("b"))}`, words);
      item.hidden = !hit;
      shown += hit ? 1 : 0;
    }
    card.hidden = !shown;
    left += shown;
  }
  return left;
};

const filterRows = (fleet, words) => {
  let left = 0;
  for (const row of fleet.querySelectorAll("tbody tr[data-row]")) {
    const hit = matches(`${textOf(row.cells[1])} ${textOf(row.cells[2])} ${row.dataset.url ?? ""}`, words);
    row.hidden = !hit;
    left += hit ? 1 : 0;
  }
  return left;
};

const address = (query) => {
  const url = new URL(location.href);
  if (query) url.searchParams.set("q", query);
  else url.searchParams.delete("q");
  return url;
};

export const startFilter = () => {
  const input = document.getElementById("find");
  if (!input) return;
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); input.select(); }
  });
  const fleet = () => document.getElementById("fleet");
  if (!fleet()) return;

  let timer = 0;
  const apply = () => {
    const now = fleet();
    if (!("complete" in now.dataset)) return;
    const words = wordsOf(input.value);
    const left = now.querySelector("table") ? filterRows(now, words) : filterCards(now, words);
    const none = document.getElementById("no-match");
    if (none) none.hidden = left > 0;
  };
  const ask = () => {
    const url = address(input.value.trim());
    window.htmx.ajax("GET", url.pathname + url.search, { source: fleet(), target: "#fleet", select: "#fleet", swap: "outerMorph" });
  };
  input.addEventListener("input", () => {
    history.replaceState(null, "", address(input.value.trim()));
    if ("complete" in fleet().dataset) return apply();
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (input.value) { input.value = ""; input.dispatchEvent(new Event("input")); } else input.blur();
  });
  input.form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("htmx:after:swap", apply);
  apply();
};
