// The filter box: "/" goes to it, Escape empties it. `filterFleet` hides what does not match of a list of servers and jobs.
const OF_TAG = /(^|\s)tag:(?:"([^"]+)"|([^\s"]+))(?=\s|$)/g;

// The words of a query, and the tags that it names (`tag:oslo`, `tag:"two words"`), as on the server (duplistatus.evaluate.fleet_view).
const read = (query) => {
  const tags = [];
  const rest = query.toLowerCase().replace(OF_TAG, (_, before, quoted, bare) => { tags.push(quoted ?? bare); return before; });
  return { tags, words: rest.split(/\s+/).filter(Boolean) };
};
const isTagged = (element, tags) => {
  const own = element.dataset.tags?.split("\n") ?? [];
  return tags.every((tag) => own.includes(tag));
};
const matches = (text, words) => words.every((word) => text.includes(word));
const textOf = (element) => element.textContent.toLowerCase();

const filterCards = (fleet, { words, tags }) => {
  let left = 0;
  for (const card of fleet.querySelectorAll(".card")) {
    const server = `${textOf(card.querySelector("header"))} ${card.dataset.url ?? ""}`;
    const tagged = isTagged(card, tags);
    let shown = 0;
    for (const item of card.querySelectorAll(".jobs > li")) {
      const hit = tagged && matches(`${server} ${textOf(item.querySelector("b"))}`, words);
      item.hidden = !hit;
      shown += hit ? 1 : 0;
    }
    card.hidden = !shown;
    left += shown;
  }
  return left;
};

const filterRows = (fleet, { words, tags }) => {
  let left = 0;
  for (const row of fleet.querySelectorAll("tbody tr[data-row]")) {
    const hit = isTagged(row, tags) && matches(`${textOf(row.cells[1].querySelector("a"))} ${textOf(row.cells[2])} ${row.dataset.url ?? ""}`, words);
    row.hidden = !hit;
    left += hit ? 1 : 0;
  }
  return left;
};

// Hides what does not have every word of `query`; the number of jobs that are left.
export const filterFleet = (fleet, query) => (fleet.querySelector("table") ? filterRows : filterCards)(fleet, read(query));

export const startFilter = () => {
  const input = document.getElementById("find");
  if (!input) return;
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.select();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    if (input.value) { input.value = ""; input.dispatchEvent(new Event("input")); } else input.blur();
  });
};
