// How the document came to be: its status, its load, its timings.

import { statusOf } from './expect.js';
import { Miss, until } from './wait.js';

/** Waits until the document has come as far as wanted: none, domcontentloaded or load. */
export function loaded({ wait, budget }) {
  return until(budget, () => {
    const state = document.readyState;
    const far = wait === 'none' || (wait === 'domcontentloaded' ? state !== 'loading' && parsed() : state === 'complete');
    if (!far) throw new Miss('timeout', `the page did not finish loading${pending()}`, hint(wait));
    return { status: statusOf(), timings: timings(), url: location.href };
  });
}

const parsed = () => (performance.getEntriesByType('navigation')[0]?.domContentLoadedEventEnd ?? 1) > 0;

const hint = (wait) => (wait === 'load' ? 'to go on without the rest of it, write wait: domcontentloaded' : '');

/** What the load event still waits for, as far as the document shows it. */
function pending() {
  const waiting = [...document.images].filter((image) => !image.complete).map((image) => image.currentSrc || image.src);
  if (document.readyState === 'loading') return ': its HTML has not come to an end';
  return waiting.length ? `: it waits for ${waiting.slice(0, 3).join(', ')}` : '';
}

/** In milliseconds from the start of the navigation; what was not measured is left out. */
export function timings() {
  const found = {};
  const navigation = performance.getEntriesByType('navigation')[0];
  if (navigation?.responseStart > 0) found.ttfb_ms = round(navigation.responseStart);
  if (navigation?.loadEventEnd > 0) found.load_ms = round(navigation.loadEventEnd);
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  if (paint) found.fcp_ms = round(paint.startTime);
  return found;
}

const round = (ms) => Math.round(ms * 10) / 10;

export const where = () => ({ url: location.href, title: document.title });
