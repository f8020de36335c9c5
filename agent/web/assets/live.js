// Keeps the page fresh without loading it anew, and says so when what is shown is old: a green page that no longer hears
// from its agent would be a lie.
"use strict";

const every = 10_000;
const old = 45_000;
let heard = Date.now();

function replace(text) {
  const next = new DOMParser().parseFromString(text, "text/html");
  const focus = document.activeElement?.closest("main a")?.getAttribute("href");
  document.title = next.title;
  for (const part of ["main", ".asof", "link[rel=icon]"]) {
    document.querySelector(part).replaceWith(next.querySelector(part));
  }
  if (focus) {
    document.querySelector(`main a[href="${CSS.escape(focus)}"]`)?.focus({preventScroll: true});
  }
}

async function refresh() {
  const reading = getSelection()?.toString() !== "";
  if (!document.hidden && !reading) {
    try {
      const answer = await fetch(location.href, {cache: "no-store", signal: AbortSignal.timeout(every)});
      if (answer.ok) {
        replace(await answer.text());
        heard = Date.now();
      }
    } catch {
      // Said below, when it lasts.
    }
  }
  const stale = document.getElementById("stale");
  stale.hidden = document.hidden || Date.now() - heard < old;
  if (!stale.hidden && !stale.textContent) {
    stale.textContent = "The agent has not been heard of since " + new Date(heard).toLocaleTimeString() + ". What you see is old.";
  }
  if (stale.hidden) {
    stale.textContent = "";
  }
}

setInterval(refresh, every);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
