// What the server should know of this browser before it draws a page: the chosen theme and the time zone, both as cookies.
const YEAR = 31536000;

const remember = (name, value) => {
  document.cookie = `${name}=${encodeURIComponent(value)}; Path=${document.body.dataset.root || "/"}; Max-Age=${YEAR}; SameSite=Lax`;
};

const cookie = (name) => document.cookie.split("; ").find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);

const stored = () => {
  try { return localStorage.getItem("theme"); } catch { return null; }
};

const show = (theme) => {
  document.documentElement.dataset.theme = theme;
  document.querySelector('meta[name="color-scheme"]').content = theme === "system" ? "dark light" : theme;
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === theme));
  }
  document.dispatchEvent(new CustomEvent("theme"));
};

const choose = (theme) => {
  remember("theme", theme);
  try { localStorage.setItem("theme", theme); } catch { /* private windows may refuse; the cookie is enough */ }
  show(theme);
};

export const startReader = () => {
  const theme = stored();
  if (theme && !cookie("theme") && document.documentElement.dataset.theme !== theme) choose(theme);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    choose(button.dataset.themeChoice);
    button.closest("details")?.removeAttribute("open");
    button.closest("details")?.querySelector("summary").focus();
  });
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && cookie("zone") !== encodeURIComponent(zone)) {
    remember("zone", zone);
    // The first page was drawn for the server's zone. A browser that keeps no cookies is left with it.
    if (zone !== document.body.dataset.zone && cookie("zone") && document.querySelector("time")) location.reload();
  }
};
