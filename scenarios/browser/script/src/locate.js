// From a locator to elements. Every match has a grade: 2 for a whole match, 1 for a part.

import { bare, buttonInput, children, contains, elements, fold, idOf, inOrder, isFrame, parent, parentElement, queryRoots, rawText, tagOf, texts } from './dom.js';
import { pierce } from './css.js';
import { bestGrade, grade } from './match.js';
import { controlNames, isContainer, isControl, labelTexts, name, role, textBehind } from './names.js';
import { visible } from './state.js';

/** A locator that can never match, however long one waits: an invalid selector. */
export class BadLocator extends Error {
  constructor(message, example) {
    super(message);
    this.hint = `write it as ${example}`;
  }
}

/** All matches, hidden ones too, in document order: [{element, grade, second}]. second: counts only where no other does. A plain
 * string of a locator with frame: true is what a frame is called. */
export function matches(locator, scopes = scopesOf(locator)) {
  let found = [];
  for (const scope of scopes) found.push(...finders[locator.by === 'plain' && locator.frame ? 'frame' : locator.by](locator, scope));
  if (locator.hasText) found = found.filter(({ element }) => bestGrade(texts(element), locator.hasText, false) > 0);
  const byElement = new Map();
  for (const match of found) {
    const known = byElement.get(match.element);
    if (!known || known.grade < match.grade) byElement.set(match.element, match);
  }
  return inOrder([...byElement.keys()]).map((element) => byElement.get(element));
}

/** Where a locator is looked for. */
function scopesOf(locator) {
  if (!locator.in) return [document];
  return chosen(locator.in.by === 'plain' ? plainScopes(locator.in) : matches(locator.in), true, locator.in.nth);
}

/** A plain string as a scope is a part of the page that is called so, else what every plain string is. */
function plainScopes(locator) {
  const named = graded(locator, scopesOf(locator).flatMap((s) => [...elements(s)]).filter(isContainer), (e) => [name(e)]);
  return named.length ? named : matches(locator);
}

/** The matches that count for an action: the best of the visible, else of the hidden. Of those that are numbered none is left
 * out because it is hidden: the number would mean another one as the page changes. */
export function chosen(found, partsCount, nth) {
  if (nth !== undefined) return pick(best(found, partsCount), nth);
  const shown = best(found.filter(({ element }) => visible(element)), partsCount);
  return shown.length ? shown : best(found, partsCount);
}

/** Whole matches before parts. */
function best(found, partsCount) {
  for (const least of partsCount ? [2, 1] : [2]) {
    const good = found.filter(({ grade }) => grade >= least);
    const first = good.filter(({ second }) => !second);
    if (good.length) return (first.length ? first : good).map(({ element }) => element);
  }
  return [];
}

/** Only the nth, where one was asked for: 0 is the first, -1 the last. */
export function pick(list, nth) {
  if (nth === undefined || nth === null) return list;
  const one = list.at(nth);
  return one ? [one] : [];
}

const graded = (locator, candidates, namesOf) => {
  const found = [];
  for (const element of candidates) {
    const grade = bestGrade(namesOf(element), locator.value, locator.exact);
    if (grade) found.push({ element, grade });
  }
  return found;
};

const byAttribute = (attribute) => (locator, scope) =>
  graded(locator, selectAll(scope, `[${attribute}]`), (element) => [element.getAttribute(attribute)]);

function selectAll(scope, selector) {
  const found = [];
  try {
    const roots = [...queryRoots(scope)];
    for (const root of roots) found.push(...root.querySelectorAll(selector));
    if (roots.length > 1) found.push(...pierce(roots, selector));
  } catch (error) {
    throw new BadLocator(`"${selector}" is no CSS selector`, 'form#login > button.primary');
  }
  return found;
}

const finders = {
  css: (locator, scope) => selectAll(scope, locator.value).map((element) => ({ element, grade: 2 })),

  xpath(locator, scope) {
    // Inside an element, a path from the root is one from that element.
    const path = scope instanceof Element && locator.value.startsWith('/') ? `.${locator.value}` : locator.value;
    let result;
    try {
      result = document.evaluate(path, scope, null, XPathResult.ORDERED_NODE_SNAPSHOT_TYPE, null);
    } catch (error) {
      throw new BadLocator(`"${locator.value}" is no XPath expression for elements`, '//table//tr[2]/td');
    }
    const found = [];
    for (let i = 0; i < result.snapshotLength; i++) {
      const node = result.snapshotItem(i);
      const element = node.nodeType === Node.ELEMENT_NODE ? node : parentElement(node);
      if (element && (scope === document || contains(scope, element))) found.push({ element, grade: 2 });
    }
    return found;
  },

  text: (locator, scope) => byText(locator, scope),
  placeholder: byAttribute('placeholder'),
  alt: byAttribute('alt'),
  tooltip: byAttribute('title'),
  testid: (locator, scope) =>
    selectAll(scope, '[data-testid]')
      .filter((element) => element.getAttribute('data-testid') === locator.value)
      .map((element) => ({ element, grade: 2 })),
  label: (locator, scope) =>
    graded(locator, [...elements(scope)].filter((element) => element.labels?.length || element.hasAttribute('aria-label') || element.hasAttribute('aria-labelledby') || textBehind(element)), labelTexts),

  role(locator, scope) {
    const found = [];
    const wanted = locator.value.trim().toLowerCase();
    for (const element of elements(scope)) {
      if (role(element) !== wanted) continue;
      const g = locator.name ? grade(name(element), locator.name, locator.exact) : 2;
      if (g) found.push({ element, grade: g });
    }
    return found;
  },

  frame(locator, scope) {
    const all = [...elements(scope)].filter(isFrame);
    const named = graded(locator, all, (element) => [name(element), fold(element.getAttribute('title'))]);
    const addressed = graded(locator, all, (element) => [element.getAttribute('name') ?? '', idOf(element)]);
    return [...named, ...addressed.map((match) => ({ ...match, second: true }))];
  },

  plain(locator, scope) {
    const controls = innermost(graded(locator, [...elements(scope)].filter(isControl), controlNames));
    const said = byText(locator, scope)
      .filter(({ element }) => !controls.some((c) => contains(c.element, element) || standsFor(element, c.element)))
      .map((match) => ({ ...match, second: true }));
    return [...controls, ...said];
  },
};

/** Whether element is in the label of control. */
const standsFor = (element, control) => element.closest?.('label')?.control === control;

/** Without the controls that hold another one of the list, unless they match better. */
function innermost(list) {
  return list.filter((outer) => !list.some((inner) => inner !== outer && inner.grade >= outer.grade && contains(outer.element, inner.element)));
}

/** The innermost elements that contain a text. */
function byText(locator, scope) {
  const wanted = bare(locator.value);
  const found = [];
  if (wanted === '') return found;
  const above = aboveUnwritten(scope);
  // Whether something below node matched.
  const below = (node) => {
    let any = false;
    for (const child of [...(node.shadowRoot?.children ?? []), ...(node instanceof Element ? children(node) : node.children)]) any = look(child) || any;
    return any;
  };
  const look = (element) => {
    if (silent.has(tagOf(element))) return false;
    const here = bare(rawText(element)).includes(wanted);
    if (!here && !above.has(element)) return false;
    if (below(element)) return true;
    const g = here ? bestGrade(texts(element), locator.value, locator.exact) : 0;
    if (g) found.push({ element, grade: g });
    return g > 0;
  };
  if (scope.nodeType === Node.DOCUMENT_NODE) below(scope);
  else if (!below(scope)) look(scope);
  return found;
}

const silent = new Set(['script', 'style', 'noscript', 'template', 'head']);

/** The elements at or above a shadow root or an <input type="submit">: what those show is not in the text around them. */
function aboveUnwritten(scope) {
  const above = new Set();
  const add = (from) => {
    for (let node = from; node && !above.has(node); node = parent(node)) above.add(node);
  };
  for (const root of queryRoots(scope)) {
    if (root.host) add(root.host);
    for (const input of root.querySelectorAll('input')) if (buttonInput(input)) add(input);
  }
  return above;
}
