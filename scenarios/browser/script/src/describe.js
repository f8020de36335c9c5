// Elements in words, for the person who reads an error.

import { elements, fold, idOf, isFrame, tagOf, text } from './dom.js';
import { distance } from './match.js';
import { isControl, labelTexts, name, role } from './names.js';
import { visible } from './state.js';

/** Where a person looks. */
export const here = () => (window === window.top ? 'on the page' : 'in the frame');

export const shorten = (value, most = 60) => (value.length > most ? value.slice(0, most - 1) + '…' : value);

const told = ['id', 'class', 'name', 'type', 'role', 'aria-label', 'placeholder', 'href', 'data-testid'];

/** As <button id="pay" class="primary">Pay now</button>, or <input id="email"> labelled "Email", shortened. */
export function describe(element) {
  const tag = tagOf(element);
  let attributes = '';
  for (const key of tag.endsWith('frame') ? ['id', 'class', 'name', 'title', 'src'] : told) {
    const value = element.getAttribute(key);
    if (value) attributes += ` ${key}="${shorten(fold(value), 40)}"`;
    if (attributes.length > 120) break;
  }
  if (fields.has(tag)) {
    const [label] = element.hasAttribute('aria-label') ? [] : labelTexts(element);
    return `<${tag}${attributes}>${label ? ` labelled "${shorten(label, 40)}"` : ''}`;
  }
  const inside = shorten(text(element), 50);
  return inside ? `<${tag}${attributes}>${inside}</${tag}>` : `<${tag}${attributes}>`;
}

/** As #cookie-banner ("We use cookies"), or the whole description where there is no id. */
export function brief(element) {
  if (!idOf(element)) return describe(element);
  const words = isFrame(element) ? '' : shorten(text(element), 40);
  return `#${idOf(element)}${words ? ` ("${words}")` : ''}`;
}

const fields = new Set(['input', 'select', 'textarea']);

/** The visible names on the page nearest to what was looked for: at most so many, none worse than worst (0 the same, 1 all others). */
export function nearest(wanted, most, worst) {
  const want = fold(wanted).toLowerCase();
  const names = new Set();
  let looked = 0;
  for (const element of elements(document)) {
    if (++looked > 20000 || names.size > 400) break;
    const heading = /^h[1-6]$/.test(tagOf(element));
    if (!heading && !isControl(element)) continue;
    const called = heading ? text(element) : name(element);
    if (called && called.length <= 80 && visible(element)) names.add(called);
  }
  return [...names]
    .map((called) => {
      const x = called.toLowerCase();
      const shared = x.includes(want) || want.includes(x);
      return { called, score: shared ? 0.3 : distance(x.slice(0, 60), want.slice(0, 60)) / Math.max(x.length, want.length, 1) };
    })
    .filter(({ score }) => score <= worst)
    .sort((a, b) => a.score - b.score)
    .slice(0, most)
    .map(({ called }) => called);
}

/** What the page itself tells its visitor went wrong. */
export function complaints() {
  const found = [];
  for (const element of elements(document)) {
    if (found.length === 3) break;
    const kind = role(element);
    if (kind !== 'alert' && kind !== 'alertdialog' && element.getAttribute('aria-live') !== 'assertive') continue;
    const said = text(element);
    if (said && visible(element)) found.push(shorten(said, 160));
  }
  return found;
}

/** The locator as a person would write it. */
export function written(locator) {
  const parts = [];
  if (locator.by === 'plain') parts.push(`"${locator.value}"`);
  else parts.push(`${locator.by}: ${locator.value}`);
  if (locator.name) parts.push(`name: ${locator.name}`);
  if (locator.hasText) parts.push(`has_text: ${locator.hasText}`);
  if (locator.exact) parts.push('exact: true');
  if (locator.nth !== undefined) parts.push(`nth: ${locator.nth}`);
  const plain = parts.length === 1 && (locator.by === 'plain' || locator.by === 'text');
  const own = plain ? `"${locator.value}"` : `{${parts.join(', ')}}`;
  return locator.in ? `${own} in ${written(locator.in)}` : own;
}
