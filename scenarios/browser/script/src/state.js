// What can be said of an element before it is acted on: visible, enabled, editable.

import { children, imageOf, parent, tagOf } from './dom.js';

export function visible(element) {
  if (!element.isConnected) return false;
  if (tagOf(element) === 'option' || tagOf(element) === 'optgroup') {
    const list = element.closest('select');
    if (list) return visible(list) && (list.size > 1 || list.multiple || element.selected === true);
  }
  if (tagOf(element) === 'area') {
    const image = imageOf(element);
    return image !== null && visible(image);
  }
  const style = getComputedStyle(element);
  if (style.display === 'contents') return visibleContents(element);
  if (!element.checkVisibility() || style.visibility !== 'visible') return false;
  const box = element.getBoundingClientRect();
  if (box.width > 0 && box.height > 0) return true;
  // A box without height may still show what flows out of it.
  return style.overflow === 'visible' && [...children(element)].some((child) => visible(child));
}

function visibleContents(element) {
  for (const child of element.childNodes) {
    if (child.nodeType === Node.ELEMENT_NODE && visible(child)) return true;
    if (child.nodeType === Node.TEXT_NODE && child.data.trim()) {
      const range = document.createRange();
      range.selectNodeContents(child);
      const box = range.getBoundingClientRect();
      if (box.width > 0 && box.height > 0) return true;
    }
  }
  return false;
}

const canBeDisabled = new Set(['button', 'input', 'select', 'textarea', 'option', 'optgroup', 'fieldset']);

export function enabled(element) {
  if (canBeDisabled.has(tagOf(element)) && element.matches(':disabled')) return false;
  if (tagOf(element) === 'option' && element.closest('select')?.disabled) return false;
  for (let node = element; node; node = parent(node)) {
    const said = node.getAttribute('aria-disabled');
    if (said !== null) return said !== 'true';
  }
  return true;
}

const typable = new Set(['', 'text', 'search', 'email', 'url', 'tel', 'password', 'number', 'date', 'time', 'datetime-local', 'month', 'week', 'color', 'range']);

/** Whether it is a thing that takes text at all. */
export function isField(element) {
  if (tagOf(element) === 'textarea') return true;
  if (tagOf(element) === 'input') return typable.has(element.type);
  return element.isContentEditable;
}

export function editable(element) {
  if (!isField(element) || !enabled(element)) return false;
  return !element.readOnly && element.getAttribute('aria-readonly') !== 'true';
}

/** true or false for what can be checked, else undefined. */
export function checked(element) {
  if (tagOf(element) === 'input' && (element.type === 'checkbox' || element.type === 'radio')) return element.checked;
  const said = element.getAttribute('aria-checked');
  return said === null ? undefined : said === 'true';
}

export function focused(element) {
  return element.getRootNode().activeElement === element;
}

const controls = 'input, select, textarea, button, a[href], option, [contenteditable], ' +
  ['button', 'link', 'checkbox', 'radio', 'switch', 'tab', 'menuitem', 'option'].map((role) => `[role=${role}]`).join();

/** What an element stands for: text inside a button is the button, a label is its field. */
export function control(element) {
  const near = element.closest(`label, ${controls}`);
  if (!near) return element;
  return tagOf(near) === 'label' ? near.control ?? element : near;
}
