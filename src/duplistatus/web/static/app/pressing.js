// A press whose element is replaced between its beginning and its end is lost: the browser clicks nothing. What replaces parts of a page by
// itself waits for `released()` first.
let waiting = [];
let pressed = false;

// The list that a select opens takes the rest of the press for itself: its end is never heard.
const press = (event) => { pressed = !event.target.closest("select"); };
const release = () => {
  pressed = false;
  const all = waiting;
  waiting = [];
  // The click comes right after the end of the press, before any timer.
  if (all.length) setTimeout(() => { for (const each of all) each(); });
};

addEventListener("pointerdown", press, true);
addEventListener("pointerup", release, true);
addEventListener("pointercancel", release, true);
// Over an open menu, or over another window, the end of a press is not heard.
addEventListener("contextmenu", release, true);
addEventListener("blur", release);
// The space bar presses as long as it is held.
addEventListener("keydown", (event) => { if (event.key === " ") press(event); }, true);
addEventListener("keyup", (event) => { if (event.key === " ") release(); }, true);

export const released = () => new Promise((done) => {
  if (pressed) waiting.push(done);
  else done();
});
