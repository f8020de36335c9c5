// Acting: the one element that is meant, ready to be acted on; and the part of an action that is done by script.

import { elements, fold, idOf, isFrame, parentElement, tagOf } from './dom.js';
import { brief, complaints, describe, here, nearest, shorten, written } from './describe.js';
import { choosing, otherwise } from './otherwise.js';
import { countFrames, keep } from './frames.js';
import { BadLocator, chosen, matches } from './locate.js';
import { grade } from './match.js';
import { hitAt, pointsOf, receives, scrollTo } from './point.js';
import { checked, control, editable, enabled, focused, isField, visible } from './state.js';
import { Miss, frame, until } from './wait.js';

const partsAfter = 500; // ms without a whole match after which a part counts
const ambiguousAfter = 1000; // ms for which several matches may be a page that is just being redrawn

/** Exactly one element, or a Miss that says why not. */
export function one(locator, { elapsed, parts = elapsed >= partsAfter }) {
  let found;
  try {
    found = matches(locator);
  } catch (error) {
    if (error instanceof BadLocator) throw new Miss('not_found', error.message, error.hint, true);
    throw error;
  }
  const list = chosen(found, parts, locator.nth);
  if (list.length === 1) return list[0];
  if (list.length === 0) throw notFound(locator, found);
  throw ambiguous(locator, list, elapsed >= ambiguousAfter);
}

function notFound(locator, found) {
  if (found.length && locator.nth !== undefined) {
    const whole = found.filter(({ grade }) => grade === 2).length;
    const many = whole && whole < found.length ? `${whole} whole match${whole === 1 ? '' : 'es'}` : found.length;
    return new Miss('not_found', `${written(locator)}: there ${parseInt(many) === 1 ? 'is' : 'are'} only ${many} ${here()}`, 'nth counts from 0, hidden ones too; -1 is the last');
  }
  return nothingThere('not_found', `nothing ${here()} matches ${written(locator)}${scopeNote(locator)}`, locator);
}

/** A Miss of something that is not on the page: it says what is there instead. */
export function nothingThere(kind, message, locator) {
  const hint = () => {
    const cure = otherwise(locator);
    if (cure) return cure;
    const near = ['css', 'xpath'].includes(locator.by) ? [] : nearest(locator.name || locator.value, 5, kind === 'not_found' ? 1 : 0.5);
    return near.length ? `nearest names ${here()}: ${near.map((n) => `"${shorten(n)}"`).join(', ')}` : '';
  };
  return new Miss(kind, () => message + pageSays(), hint).with(() => ({ absent: locator, frames: countFrames() }));
}

/** Says whether the scope itself is what is missing. */
function scopeNote(locator) {
  if (!locator.in) return '';
  try {
    return matches(locator.in).length ? '' : `: there is no ${written(locator.in)} to look in`;
  } catch {
    return '';
  }
}

function pageSays() {
  const said = complaints();
  return said.length ? `; the page says: ${said.map((s) => `"${s}"`).join(', ')}` : '';
}

function ambiguous(locator, list, final) {
  const shown = () => list.slice(0, 5).map(describe);
  const words = () => {
    const more = list.length > 5 ? [`and ${list.length - 5} more`] : [];
    return `${list.length} elements match ${written(locator)}: ${[...shown().map((one, i) => `${i}: ${one}`), ...more].join('; ')}`;
  };
  const hint = () => (new Set(shown()).size === 1
    ? 'they look the same: say with in what stands around the right one, or with nth which of them it is (0 is the first)'
    : 'tell them apart with role, in, has_text, exact or nth');
  return new Miss('ambiguous', words, hint, final);
}

/** What is pressed for an element that is meant: a hidden control is pressed by its label. */
function stand(element) {
  if (tagOf(element) === 'label' && element.control && visible(element.control)) return element.control;
  if (visible(element) && element.getBoundingClientRect().width > 1) return element;
  const label = [...(element.labels ?? [])].find(visible);
  return label ?? element;
}

const sides = ['x', 'y', 'width', 'height'];

export async function stable(element) {
  const resting = async () => {
    const last = element.getBoundingClientRect();
    await frame();
    const now = element.getBoundingClientRect();
    return sides.every((side) => last[side] === now[side]);
  };
  const animations = document.getAnimations().filter(({ effect }) => effect?.target?.contains(element));
  // An animation that is about to start has not moved anything yet; one that runs to and fro is twice in the same place where
  // it turns, but not three times.
  const starts = animations.some(({ pending }) => pending);
  const rests = !starts && (await resting()) && (!animations.length || (await resting()));
  if (!rests) throw new Miss('not_actionable', () => `${describe(element)} does not come to rest: it is moving`);
}

function requireState(element, needs) {
  if (!element.isConnected) throw new Miss('not_actionable', `${describe(element)} was taken off the page`);
  if (needs.includes('visible') && !visible(element)) {
    throw new Miss('not_actionable', `${describe(element)} is on the page but not visible`, () => choosing(element) || 'is it in a menu, a tab or a dialog that a step before has to open?');
  }
  if (needs.includes('enabled') && !enabled(element)) {
    throw new Miss('not_actionable', () => `${describe(element)} is disabled`, 'is there something to do before it becomes enabled, as filling a field?');
  }
  if (needs.includes('editable') && !editable(element)) {
    const why = isField(element) ? 'is read-only' : 'is no field that takes text';
    throw new Miss('not_actionable', `${describe(element)} ${why}`, otherStep(element));
  }
}

/** The step that a thing wants which takes no text. */
function otherStep(element) {
  if (tagOf(element) === 'select') return 'choose from a list with select';
  return checked(element) === undefined ? '' : 'tick a box with check or uncheck';
}

/** Brings the element into view and gives the point to press. */
function reach(element, at, turn) {
  const takes = (point) => receives(element, hitAt(point));
  let points = pointsOf(element, at);
  if (!points.length || turn > 0 && !points.some(takes)) {
    scrollTo(element, turn);
    points = pointsOf(element, at);
  }
  if (!points.length) throw new Miss('not_actionable', () => `${describe(element)} ${at ? 'has no such point' : 'is outside of the viewport and cannot be scrolled'} into view`);
  const point = points.find(takes);
  if (point) return point;
  if (getComputedStyle(element).pointerEvents === 'none') {
    throw new Miss('not_actionable', () => `${describe(element)} lets clicks pass through it (CSS pointer-events: none)`);
  }
  const hit = hitAt(points[0]);
  if (!hit || hit.contains(element)) {
    const place = !hit || ['html', 'body'].includes(tagOf(hit)) ? 'the background of the page' : brief(hit);
    throw new Miss('not_actionable', () => `${describe(element)} is cut off: where it should be is ${place}`, 'scroll or open what it is in with a step before');
  }
  throw new Miss('not_actionable', () => `${describe(element)} is covered by ${coverOf(hit, element)}`, 'close what covers it in a step before, or wait until it is gone');
}

/** The outermost element around hit that does not hold the target too, best one with an id: the banner, not its paragraph. */
export function coverOf(hit, target) {
  let cover = hit;
  let named = null;
  for (let node = hit; node && !node.contains(target); node = parentElement(node)) {
    cover = node;
    if (idOf(node)) named = node;
  }
  return brief(named ?? cover);
}

/** Waits until the one element is ready, and gives the point to press. It stays armed: see confirm. */
export function prepare({ locator, needs, at, budget }) {
  return until(budget, async ({ turn, elapsed }) => {
    const meant = one(locator, { elapsed });
    const element = stand(meant);
    requireState(element, needs.filter((n) => n === 'visible'));
    requireState(control(meant), needs.filter((n) => n !== 'visible'));
    if (needs.includes('stable')) await stable(element);
    const point = needs.includes('hit') ? reach(element, at, turn) : null;
    if (needs.includes('armed')) arm(element);
    return { point };
  });
}

// The guard tests again at the first trusted event that the target is what receives it, and stops it if not.
let guard = null;

export function arm(element) {
  disarm();
  const state = { element, blocked: null, seen: false };
  const listener = (event) => {
    if (!event.isTrusted) return;
    if (!state.seen) {
      state.seen = true;
      const hit = event.composedPath()[0];
      if (hit instanceof Element && !receives(state.element, hit)) state.blocked = coverOf(hit, state.element);
    }
    if (state.blocked) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  };
  const kinds = ['pointerdown', 'touchstart', 'mousedown', 'pointerup', 'touchend', 'mouseup', 'click', 'dblclick', 'auxclick', 'contextmenu'];
  for (const kind of kinds) window.addEventListener(kind, listener, true);
  state.remove = () => kinds.forEach((kind) => window.removeEventListener(kind, listener, true));
  guard = state;
}

function disarm() {
  guard?.remove();
  guard = null;
}

/** What became of the events after prepare: nothing, or what received them instead. */
export function confirm() {
  const blocked = guard?.blocked ?? null;
  disarm();
  return { blocked };
}

/** Focuses the one element; nothing else is asked of it. */
export function focus({ locator, budget }) {
  return until(budget, ({ elapsed }) => {
    const element = one(locator, { elapsed });
    const target = tagOf(element) === 'label' && element.control ? element.control : element;
    if (focused(target) && document.hasFocus()) return {};
    takeFocus();
    target.focus();
    if (!target.matches(':focus, :focus-within')) throw new Miss('not_actionable', `${describe(target)} cannot have the focus`);
    // Behind what stands in it, as a person goes on writing.
    if (isField(target)) getSelection().modify('move', 'forward', 'documentboundary');
    return {};
  });
}

/** Gives the frame of this document the keyboard. */
function takeFocus() {
  if (window !== window.top && !document.hasFocus()) window.focus();
}

const setByScript = new Set(['date', 'time', 'datetime-local', 'month', 'week', 'color', 'range']);
const secretFields = new WeakSet();
export const holdsSecret = (element) => secretFields.has(element);

/** Readies a field for text: focused, what is there selected. set: the value is to be set by script, no typing is wanted. */
export function ready({ locator, secret, budget }) {
  return until(budget, async ({ elapsed }) => {
    let element = one(locator, { elapsed });
    if (!isField(element)) element = fieldOf(element);
    requireState(element, ['visible', 'enabled', 'editable']);
    if (secret) secretFields.add(element);
    element.scrollIntoView({ behavior: 'instant', block: 'nearest', inline: 'nearest' });
    takeFocus();
    element.focus();
    filling = element;
    if (tagOf(element) === 'input' && setByScript.has(element.type)) return { set: true };
    selectAll(element);
    return { set: false };
  });
}

function fieldOf(element) {
  const field = control(element);
  if (isField(field)) return field;
  const inside = element.querySelectorAll('input, textarea, [contenteditable]');
  return inside.length === 1 && isField(inside[0]) ? inside[0] : element;
}

/** Sets the value of the field that was readied. */
export function set({ value, secret }) {
  const element = filling;
  const wanted = element.type === 'color' ? value.trim().toLowerCase() : value.trim();
  element.value = wanted;
  if (element.type === 'range' ? Number(element.value) !== Number(wanted) : element.value !== wanted) {
    throw new Miss('not_actionable', `${describe(element)} does not take ${secret ? 'the text' : `"${value}"`}`, formHint(element.type), true);
  }
  changed(element);
  return {};
}

const formHint = (type) => ({
  date: 'write a date as 2026-12-24', time: 'write a time as 17:30', 'datetime-local': 'write it as 2026-12-24T17:30',
  month: 'write a month as 2026-12', week: 'write a week as 2026-W52', color: 'write a colour as #aabbcc',
  range: 'write a number between its min and max, on its step',
}[type]);

function selectAll(element) {
  if (element.select) return element.select();
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

function changed(element) {
  element.dispatchEvent(new Event('input', { bubbles: true, composed: true }));
  element.dispatchEvent(new Event('change', { bubbles: true }));
}

/** What has the focus, through shadow roots. */
function active() {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return element;
}

const concealActive = () => {
  const element = active();
  if (element) secretFields.add(element);
};

/** Keeps what has the focus, and what gets it until this is called with on: false, out of pictures. */
export function conceal({ on }) {
  concealActive();
  if (on) window.addEventListener('focusin', concealActive, true);
  else window.removeEventListener('focusin', concealActive, true);
  return {};
}

/** Waits until something has the focus. frame: it is in the frame that is kept. */
export function hasFocus({ budget }) {
  return until(budget, () => {
    const element = active();
    const writable = element?.isContentEditable || document.designMode === 'on';
    if ((!element || element === document.body || element === document.documentElement) && !writable) {
      throw new Miss('not_actionable', `nothing ${here()} has the focus, so there is nothing to type into`, 'say into what, as type: {label: Email, value: …}, or click it in a step before; for keys that the page itself listens to there is press');
    }
    const inside = isFrame(element);
    if (inside) keep(element);
    return { frame: inside };
  });
}

let filling = null;

/** Tells the page that the value of the field that was readied is final. One that has lost the focus was told by the browser. */
export function filled({ value, secret }) {
  const element = filling;
  filling = null;
  if (!element?.isConnected) return {};
  const found = element.value;
  if (focused(element)) element.dispatchEvent(new Event('change', { bubbles: true }));
  if (found === undefined || found === value) return {};
  const length = value.length;
  if (element.maxLength >= 0 && length > element.maxLength && found.length <= element.maxLength) {
    const holds = secret ? `the text has ${length}` : `"${shorten(value)}" has ${length}; it now holds "${shorten(found)}"`;
    throw new Miss('not_actionable', `${describe(element)} takes at most ${element.maxLength} characters, and ${holds}`, 'what a person typed would be cut off as well (maxlength)', true);
  }
  if (tagOf(element) === 'input' && element.type === 'number' && value !== '' && Number(found || NaN) !== Number(value)) {
    throw new Miss('not_actionable', `${describe(element)} takes a number, not ${secret ? 'the text' : `"${value}"`}`, 'write a number as 12.5', true);
  }
  return {};
}

/** Chooses options of a list: choices are {label} or {value} or {index}. */
export function select({ locator, choices, budget }) {
  return until(budget, ({ elapsed }) => {
    const list = control(one(locator, { elapsed }));
    if (tagOf(list) !== 'select') {
      throw new Miss('not_actionable', `${describe(list)} is no list (<select>)`, 'for a list made of other elements, click it and then the option', true);
    }
    requireState(list, ['visible', 'enabled']);
    if (choices.length > 1 && !list.multiple) {
      throw new Miss('not_actionable', `${describe(list)} takes one option, not ${choices.length}`, '', true);
    }
    const wanted = choices.map((choice) => optionOf(list, choice, elapsed));
    for (const option of list.options) option.selected = wanted.includes(option);
    changed(list);
    return {};
  });
}

function optionOf(list, choice, elapsed) {
  const options = [...list.options];
  let option;
  if (choice.index !== undefined) option = options.at(choice.index);
  else if (choice.value !== undefined) option = options.find((o) => o.value === choice.value);
  else option = labelled(options, choice.label, elapsed >= partsAfter);
  if (!option) {
    const labels = options.slice(0, 12).map((o) => `"${fold(o.label)}"`).join(', ');
    throw new Miss('not_found', `${describe(list)} has no option ${JSON.stringify(choice.label ?? choice.value ?? choice.index)}`, `its options are: ${labels || 'none'}`);
  }
  if (!enabled(option)) throw new Miss('not_actionable', `the option "${fold(option.label)}" is disabled`);
  return option;
}

/** The option with that label. A part of it, of whole words, counts later, and only if it is the only one. */
function labelled(options, label, parts) {
  const called = (test) => options.filter((option) => [option.label, option.text].some(test));
  const whole = called((text) => grade(text, label, true))[0] ?? called((text) => grade(text, label, false) === 2)[0];
  if (whole || !parts) return whole;
  const words = (text) => fold(text).toLowerCase().split(/[^\p{L}\p{N}]+/u).join(' ');
  const some = called((text) => grade(text, label, false) && ` ${words(text)} `.includes(` ${words(label)} `));
  return some.length === 1 ? some[0] : undefined;
}

/** Whether the one box is checked. */
export function isChecked({ locator, budget }) {
  return until(budget, ({ elapsed }) => {
    const element = control(one(locator, { elapsed }));
    const is = checked(element);
    if (is === undefined) throw new Miss('not_actionable', () => `${describe(element)} is no box to check`, boxesHere, true);
    return { checked: is, radio: element.type === 'radio', what: describe(element) };
  });
}

function boxesHere() {
  const boxes = [...elements(document)].filter((element) => checked(element) !== undefined && visible(element));
  const more = boxes.length > 5 ? `; and ${boxes.length - 5} more` : '';
  return boxes.length ? `the boxes ${here()} are: ${boxes.slice(0, 5).map(describe).join('; ')}${more}` : `there is no box ${here()}`;
}

/** What kind of field a label names: check, select or text. */
export function fieldKind({ locator, budget }) {
  return until(budget, ({ elapsed }) => {
    const element = control(one(locator, { elapsed }));
    if (tagOf(element) === 'select') return { kind: 'select' };
    return { kind: checked(element) === undefined ? 'text' : 'check' };
  });
}

