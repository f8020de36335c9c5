// What a picture needs of the page: where to cut, and what to cover.

import { elements } from './dom.js';
import { matches } from './locate.js';
import { holdsSecret, one } from './act.js';
import { until } from './wait.js';
import { visible } from './state.js';

/** The box of the one element, in pixels of the page; in a frame of its viewport. */
export function clip({ locator, budget }) {
  return until(budget, ({ elapsed }) => {
    const element = one(locator, { elapsed });
    element.scrollIntoView({ behavior: 'instant', block: 'nearest' });
    const box = element.getBoundingClientRect();
    const page = window === window.top ? { x: scrollX, y: scrollY } : { x: 0, y: 0 };
    return { x: box.left + page.x, y: box.top + page.y, width: Math.max(box.width, 1), height: Math.max(box.height, 1) };
  });
}

let cover = null;

/** Covers the masked elements, and every field that a secret was typed into, with plain boxes, beside what is covered already.
 * Undone by unmask. */
export function mask({ locators }) {
  const hidden = locators.flatMap((locator) => matches(locator).map(({ element }) => element));
  for (const element of elements(document)) {
    if (holdsSecret(element)) hidden.push(element);
  }
  const shown = hidden.filter(visible);
  if (!shown.length) return {};
  const origin = show().getBoundingClientRect();
  for (const element of shown) {
    const box = element.getBoundingClientRect();
    const patch = document.createElement('div');
    patch.style.cssText = `all: initial; position: absolute; background: #555; left: ${box.left - origin.left}px; top: ${box.top - origin.top}px; width: ${box.width}px; height: ${box.height}px`;
    cover.append(patch);
  }
  return {};
}

/** What the covers stand in. */
function show() {
  if (cover?.isConnected) return cover;
  cover = document.createElement('div');
  cover.style.cssText = 'all: initial; position: absolute; left: 0; top: 0; width: 0; height: 0; z-index: 2147483647; pointer-events: none';
  // In the top layer, so that it also covers what stands there: modal dialogs, popovers.
  cover.popover = 'manual';
  document.documentElement.append(cover);
  cover.showPopover();
  return cover;
}

export function unmask() {
  cover?.remove();
  cover = null;
  return {};
}
