// Who chooses a server, or enters an address, does not mean all of them.
const chosen = document.querySelector('[name="which"][value="chosen"]');
document.addEventListener("input", (event) => {
  if (chosen && event.target.matches('[name="servers"], [name="addresses"]')) chosen.checked = true;
});
