// The interface for programs: forms that send what they describe, and show the answer. Only what reads can be tried.
const LONGEST = 200_000;

const addressOf = (form) => {
  let path = form.dataset.try;
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll("[data-place]")) {
    if (input.dataset.place === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.value) query.set(input.name, input.value);
  }
  const asked = query.toString();
  return document.body.dataset.root + path + (asked ? `?${asked}` : "");
};

const readable = (text) => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

const show = (form, outcome, text) => {
  form.querySelector("[data-outcome]").textContent = outcome;
  const place = form.querySelector("[data-answer]");
  place.textContent = text.length > LONGEST ? `${text.slice(0, LONGEST)}\n…` : text;
  place.hidden = !text;
};

const attempt = async (form) => {
  const address = addressOf(form);
  const begun = performance.now();
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" } });
    const text = await answer.text();
    show(form, `${answer.status} · ${Math.round(performance.now() - begun)} ms · ${address}`, readable(text));
  } catch {
    show(form, JSON.parse(document.body.dataset.words).failed, "");
  }
};

// A link to a shape, or an address that ends with one, opens it.
const open = () => {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named instanceof HTMLDetailsElement) named.open = true;
};

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-try]");
  if (!form) return;
  event.preventDefault();
  attempt(form);
});
addEventListener("hashchange", open);
open();
