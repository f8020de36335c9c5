// Looking: conditions, values, and whether something is visible.

import { fold, text, texts } from './dom.js';
import { describe, here, shorten, written } from './describe.js';
import { BadLocator, matches, pick } from './locate.js';
import { nothingThere, one } from './act.js';
import { grade } from './match.js';
import { checked, control, editable, enabled, focused, visible } from './state.js';
import { Miss, until } from './wait.js';

const quote = (value) => `"${shorten(String(value), 200)}"`;
const miss = (message, hint) => new Miss('assertion', message, hint);

/** Waits until all conditions hold, once at once. Gives the texts that the caller matches itself. */
export function expect({ conditions, budget }) {
  return until(budget, ({ elapsed }) => ({ values: conditions.map((condition) => check(condition, elapsed)) }));
}

function check(condition, elapsed) {
  const { locator } = condition;
  if (condition.notText !== undefined) return absent(condition.notText, condition.in);
  if (condition.page) return pageCondition(condition);
  const found = find(locator);
  if (condition.count) return count(locator, found.length, condition.count);
  if (condition.visible !== undefined) return visibility(locator, found, condition.visible);
  const element = expected(locator, elapsed);
  return states(locator, element, condition) ?? contents(locator, element, condition);
}

function find(locator) {
  try {
    return pick(matches(locator).map(({ element }) => element), locator.nth);
  } catch (error) {
    if (error instanceof BadLocator) throw new Miss('assertion', error.message, error.hint, true);
    throw error;
  }
}

/** Exactly one element to look at. That it is missing is an expectation that did not come true. */
function expected(locator, elapsed) {
  try {
    return one(locator, { elapsed, parts: true });
  } catch (error) {
    if (error instanceof Miss && error.kind === 'not_found') error.kind = 'assertion';
    throw error;
  }
}

function absent(wanted, scope) {
  const shown = matches({ by: 'text', value: wanted, in: scope }).map(({ element }) => element).filter(visible);
  if (shown.length) throw miss(`expected ${quote(wanted)} to be nowhere ${scope ? `in ${written(scope)}` : here()}, but it is in ${describe(shown[0])}`);
}

function count(locator, found, { min, max }) {
  if (found >= min && (max === null || max === undefined || found <= max)) return;
  const open = max === null || max === undefined;
  const wanted = open ? `at least ${min}` : min === max ? min : min ? `${min} to ${max}` : `at most ${max}`;
  throw miss(`expected ${wanted} element${(open ? min : max) === 1 ? '' : 's'} that match ${written(locator)}, found ${found}`);
}

function visibility(locator, found, wanted) {
  const shown = found.filter(visible);
  if (wanted && !shown.length) {
    const state = found.length ? `${describe(found[0])} is ${here()} but hidden` : `it is nowhere ${here()}`;
    throw nothingThere('assertion', `expected ${written(locator)} to be visible; ${state}`, locator);
  }
  if (!wanted && shown.length) throw miss(() => `expected ${written(locator)} not to be visible, but ${describe(shown[0])} is`);
}

function states(locator, element, condition) {
  const target = control(element);
  const tests = { enabled: () => enabled(target), checked: () => checked(target), editable: () => editable(target), focused: () => focused(target) };
  for (const [state, test] of Object.entries(tests)) {
    if (condition[state] === undefined) continue;
    const wanted = condition[state];
    if (test() === undefined) throw miss(() => `${describe(target)} is no box to check`);
    if (test() !== wanted) throw miss(() => `expected ${written(locator)} ${wanted ? '' : 'not '}to be ${state}, but ${describe(target)} is${wanted ? ' not' : ''}`);
    return null;
  }
  return undefined;
}

function contents(locator, element, condition) {
  const is = (what, found, wanted) => {
    if (found !== wanted) throw miss(`expected ${what} of ${written(locator)} to be ${quote(wanted)}, found ${found === null ? 'none' : quote(found)}`);
  };
  if (condition.contains !== undefined) {
    if (!texts(element).some((t) => grade(t, condition.contains, false))) {
      throw miss(`expected the text of ${written(locator)} to contain ${quote(condition.contains)}, found ${quote(text(element))}`);
    }
  } else if (condition.equals !== undefined) {
    if (!texts(element).some((t) => grade(t, condition.equals, true))) is('the text', text(element), condition.equals);
  } else if (condition.matches !== undefined) return text(element);
  else if (condition.value !== undefined) is('the value', valueOf(element), condition.value);
  else if (condition.attribute) {
    const found = element.getAttribute(condition.attribute.name);
    is(`the attribute ${condition.attribute.name}`, found === null ? null : fold(found), fold(condition.attribute.value));
  } else if (condition.css) is(`the CSS property ${condition.css.name}`, fold(getComputedStyle(element).getPropertyValue(condition.css.name)), fold(condition.css.value));
  return null;
}

/** The value of a field, as it is sent. */
export function valueOf(element) {
  const field = control(element);
  if (field.value === undefined || typeof field.value !== 'string') return field.isContentEditable ? text(field) : null;
  return field.value;
}

function pageCondition({ page, contains, equals, matches: pattern, status }) {
  const found = page === 'url' ? location.href : document.title;
  if (page === 'status') {
    const got = statusOf();
    if (got !== status) throw miss(`expected the page's HTTP status to be ${status}, found ${got || 'none'}`);
    return null;
  }
  const what = page === 'url' ? 'URL' : page;
  if (contains !== undefined && !grade(found, contains, false)) throw miss(`expected the ${what} to contain ${quote(contains)}, found ${quote(found)}`);
  if (equals !== undefined && fold(found) !== fold(equals)) throw miss(`expected the ${what} to be ${quote(equals)}, found ${quote(found)}`);
  return pattern === undefined ? null : found;
}

export const statusOf = () => performance.getEntriesByType('navigation')[0]?.responseStatus ?? 0;

/** Whether the locator is visible now or within budget. */
export async function isVisible({ locator, budget }) {
  try {
    await until(budget, () => {
      if (!find(locator).some(visible)) throw miss('not visible');
    });
    return { visible: true };
  } catch (error) {
    if (error instanceof Miss && !error.final) return { visible: false };
    throw error;
  }
}

/** Reads one thing of the one element: text, value or attribute. */
export function read({ locator, what, attribute, budget }) {
  return until(budget, ({ elapsed }) => {
    const element = one(locator, { elapsed, parts: true });
    if (what === 'text') return { value: text(element) };
    const found = what === 'value' ? valueOf(element) : element.getAttribute(attribute);
    if (found === null) throw new Miss('not_found', `${describe(element)} has no ${what === 'value' ? 'value' : `attribute ${attribute}`}`);
    return { value: found };
  });
}

