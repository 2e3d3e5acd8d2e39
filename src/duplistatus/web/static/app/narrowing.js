// A field above a list of boxes shows those whose words contain what is typed: data-narrows="<id of the list>". What is ticked stays in sight.
const narrow = (field) => {
  const wanted = field.value.trim().toLowerCase();
  for (const label of document.getElementById(field.dataset.narrows).querySelectorAll("label")) {
    label.hidden = !label.textContent.toLowerCase().includes(wanted) && !label.querySelector("input").checked;
  }
};

for (const field of document.querySelectorAll("[data-narrows]")) {
  field.closest("label").hidden = false;
  field.addEventListener("input", () => narrow(field));
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
}
