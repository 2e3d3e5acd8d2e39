// Boxes that choose several jobs of a list: how many are chosen, all of a page at once, and the fields that a change of them means.
const boxes = () => [...document.querySelectorAll('input[name="jobs"]')];

const tell = () => {
  const place = document.getElementById("picked");
  if (!place) return;
  const count = boxes().filter((box) => box.checked).length;
  const text = count === 0 ? place.dataset.none : count === 1 ? place.dataset.one : place.dataset.many.replace("{}", count);
  if (place.textContent !== text) place.textContent = text;
  const all = document.getElementById("pick-all");
  if (all) { all.checked = count > 0 && count === boxes().length; all.indeterminate = count > 0 && !all.checked; }
};

export const startPicking = () => {
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (field.id === "pick-all") for (const box of boxes()) box.checked = field.checked;
    if (field.id === "pick-all" || field.name === "jobs") {
      tell();
      if (boxes().some((box) => box.checked)) document.getElementById("bulk").open = true;
      return;
    }
    // To choose a value for several jobs means to change it.
    const chosen = field.closest("fieldset[data-set]");
    if (chosen && field.name !== "set") chosen.querySelector('[name="set"]').checked = true;
  });
  // The list was fetched anew, and nothing is selected.
  document.addEventListener("htmx:after:swap", tell);
  tell();
};
