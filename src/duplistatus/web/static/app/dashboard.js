// The dashboard keeps itself true: when something changed it fetches itself, as far as it is shown, and changes what differs in place.
// The filter works on what is on the page; where a part of the fleet is still on the server, that is asked.
import { filterFleet } from "./filter.js";

const PAUSE = 160;
let running = false;
let again = false;

// How many parts of a long list are on the page.
const shownParts = () => {
  const more = document.getElementById("more");
  return more ? Number(more.dataset.following) - 1 : Number(document.getElementById("dashboard").dataset.parts);
};

const address = () => {
  const url = new URL(location.href);
  const parts = shownParts();
  if (parts > 1) url.searchParams.set("n", parts);
  else url.searchParams.delete("n");
  return url.pathname + url.search;
};

// One request at a time; what changes meanwhile is fetched once more afterwards.
const refetch = async (path = address()) => {
  if (running) { again = true; return; }
  running = true;
  const dashboard = document.getElementById("dashboard");
  try {
    await window.htmx.ajax("GET", path, { source: dashboard, target: "#dashboard", select: "#dashboard", swap: "outerMorph" });
  } finally {
    running = false;
    filter();
    if (again) { again = false; refetch(); }
  }
};

const input = document.getElementById("find");
const fleet = () => document.getElementById("fleet");
const isComplete = () => "complete" in (fleet()?.dataset ?? {});

const filter = () => {
  if (!fleet() || !isComplete()) return;
  const left = filterFleet(fleet(), input.value);
  const none = document.getElementById("no-match");
  if (none) none.hidden = left > 0;
};

const remember = () => {
  const url = new URL(location.href);
  const query = input.value.trim();
  if (query) url.searchParams.set("q", query);
  else url.searchParams.delete("q");
  url.searchParams.delete("n");
  history.replaceState(null, "", url);
};

let timer = 0;
input.addEventListener("input", () => {
  if (!fleet()) return;
  remember();
  if (isComplete()) { filter(); return; }
  clearTimeout(timer);
  timer = setTimeout(() => { const url = new URL(location.href); refetch(url.pathname + url.search); }, PAUSE);
});
input.form.addEventListener("submit", (event) => { if (fleet()) event.preventDefault(); });
document.addEventListener("changed", () => refetch());
filter();
