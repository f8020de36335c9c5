// Scrolling, as a user's: the page hears of it, and it has come to its end when the step has.

import { elements } from './dom.js';
import { one } from './act.js';
import { describe } from './describe.js';
import { hitAt, receives, scrollTo } from './point.js';
import { visible } from './state.js';
import { Miss, frame, until } from './wait.js';

/** Scrolls an element into view (to), or something to an edge or by some pixels: the page, or what is in `in`. */
export function scroll({ to, edge, by, in: scope, budget }) {
  return until(budget, async ({ elapsed }) => {
    if (to) await show(one(to, { elapsed }));
    else if (scope) move(scrollerIn(one(scope, { elapsed, parts: true })), edge, by);
    else move(pageScroller(), edge, by);
    // Two frames, and the page was told.
    await frame();
    await frame();
    return {};
  });
}

async function show(element) {
  if (!visible(element)) throw new Miss('not_actionable', () => `${describe(element)} is not visible, so it cannot be scrolled to`, 'is it in a menu, a tab or a dialog that a step before has to open?');
  // A header that stays must not hide it.
  for (let turn = 0; turn < 4; turn++) {
    scrollTo(element, turn);
    await frame();
    const box = element.getBoundingClientRect();
    const middle = { x: box.left + box.width / 2, y: box.top + Math.min(box.height, innerHeight) / 2 };
    if (receives(element, hitAt(middle))) return;
  }
  scrollTo(element, 2);
}

const far = (element) => element.scrollHeight - element.clientHeight;
const scrolls = (element) => far(element) > 0 && /auto|scroll|overlay/.test(getComputedStyle(element).overflowY);

/** What scrolls the page: the document, else the largest part of it that scrolls. */
function pageScroller() {
  const page = document.scrollingElement ?? document.documentElement;
  const fixed = [page, document.body].some((element) => element && /hidden|clip/.test(getComputedStyle(element).overflowY));
  if (far(page) > 0 && !fixed) return page;
  return largest(elements(document)) ?? page;
}

function scrollerIn(element) {
  if (element === document.documentElement || element === document.body) return pageScroller();
  if (scrolls(element)) return element;
  const inside = largest(elements(element));
  if (!inside) throw new Miss('not_actionable', () => `${describe(element)} does not scroll, and nothing in it does`);
  return inside;
}

function largest(candidates) {
  let found = null;
  let most = 0;
  for (const element of candidates) {
    if (element.scrollHeight <= element.clientHeight || !scrolls(element) || !visible(element)) continue;
    const area = element.clientWidth * element.clientHeight;
    if (area > most) [found, most] = [element, area];
  }
  return found;
}

function move(scroller, edge, by) {
  const top = edge === 'bottom' ? far(scroller) : edge === 'top' ? 0 : scroller.scrollTop + by;
  scroller.scrollTo({ behavior: 'instant', top });
}
