// Roles and accessible names, by the library that implements the specifications
// (https://www.w3.org/TR/html-aam-1.0/, https://www.w3.org/TR/accname-1.2/).

import { computeAccessibleName, getRole } from 'dom-accessibility-api';
import { fold, rawText, tagOf } from './dom.js';

const controlRoles = new Set([
  'button', 'link', 'tab', 'menuitem', 'menuitemcheckbox', 'menuitemradio', 'checkbox', 'radio', 'switch', 'option',
  'textbox', 'searchbox', 'combobox', 'listbox', 'spinbutton', 'slider', 'treeitem',
]);
const containerRoles = new Set([
  'region', 'dialog', 'alertdialog', 'group', 'radiogroup', 'form', 'search', 'navigation', 'main', 'banner',
  'contentinfo', 'complementary', 'list', 'listitem', 'table', 'grid', 'row', 'article', 'tabpanel', 'menu', 'toolbar',
]);

export function role(element) {
  const written = (element.getAttribute('role') ?? '').trim().split(/\s+/)[0].toLowerCase();
  if (written && written !== 'none' && written !== 'presentation') return written;
  if (tagOf(element) === 'area') return element.hasAttribute('href') ? 'link' : '';
  try {
    return getRole(element) ?? '';
  } catch {
    return '';
  }
}

export function name(element) {
  if (tagOf(element) === 'area') return areaName(element);
  try {
    return fold(computeAccessibleName(element));
  } catch {
    return fold(element.getAttribute('aria-label') ?? rawText(element));
  }
}

/** The library takes an <area> for hidden: it has no box of its own. */
const areaName = (area) => ['aria-label', 'alt', 'title'].map((key) => fold(area.getAttribute(key))).find(Boolean) ?? '';

/** Fields that have no role of their own: a password, a date, a file. */
const roleless = (element) =>
  (tagOf(element) === 'input' && element.type !== 'hidden') || element.isContentEditable && element.getAttribute('contenteditable') !== null;

export const isControl = (element) => controlRoles.has(role(element)) || roleless(element) || tagOf(element) === 'summary';
export const isContainer = (element) => containerRoles.has(role(element)) || tagOf(element) === 'fieldset' || tagOf(element) === 'form';

/** The names by which a person may call a control: its accessible name, its label as it is written, its placeholder. */
export function controlNames(element) {
  const names = [name(element), ...labelTexts(element)];
  const placeholder = element.getAttribute('placeholder');
  if (placeholder) names.push(fold(placeholder));
  return spoken(names);
}

/** What labels an element: its <label>s, aria-labelledby, aria-label. */
export function labelTexts(element) {
  const found = [];
  for (const label of element.labels ?? []) found.push(labelText(label));
  const ids = (element.getAttribute('aria-labelledby') ?? '').split(/\s+/).filter(Boolean);
  if (ids.length) {
    const root = element.getRootNode();
    found.push(fold(ids.map((id) => root.getElementById?.(id)?.textContent ?? '').join(' ')));
  }
  const own = element.getAttribute('aria-label');
  if (own) found.push(fold(own));
  if (!found.length) found.push(textBehind(element));
  return spoken(found);
}

const boxes = new Set(['checkbox', 'radio']);
const inline = new Set(['a', 'abbr', 'b', 'code', 'em', 'font', 'i', 'small', 'span', 'strong', 'sub', 'sup', 'u']);

/** The text right behind a box that has no label: a person takes it for one. */
export function textBehind(element) {
  if (tagOf(element) !== 'input' || !boxes.has(element.type) || element.labels.length) return '';
  let text = '';
  for (let node = element.nextSibling; node; node = node.nextSibling) {
    if (node.nodeType === Node.TEXT_NODE) text += node.data;
    else if (node.nodeType === Node.ELEMENT_NODE) {
      if (!inline.has(tagOf(node)) || node.querySelector('input, select, textarea, button')) break;
      text += node.textContent;
    }
  }
  return fold(text);
}

/** The names, and each also without the star or colon at its end: a person calls "Email *" Email. */
const spoken = (names) => [...new Set(names.flatMap((name) => [name, name.replace(/[\s*:]+$/, '')]))].filter(Boolean);

/** A label's text without what stands in the control inside it: a list's options, a text area's text. */
function labelText(label) {
  const copy = label.cloneNode(true);
  for (const control of copy.querySelectorAll('select, textarea, script, style')) control.remove();
  return fold(copy.textContent);
}
