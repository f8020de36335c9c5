// Another way to write a locator that finds nothing.

import { describe } from './describe.js';
import { tagOf, text } from './dom.js';
import { matches } from './locate.js';
import { labelTexts } from './names.js';

const called = { alt: 'alt text', tooltip: 'tooltip', placeholder: 'placeholder', testid: 'data-testid', label: 'label' };

/** What a text should have been written as, or ''. */
export function otherwise({ by, value, in: scope }) {
  if (by !== 'plain' && by !== 'text') return '';
  if (/^\(*\.?\/\//.test(value)) return `this looks like an XPath: write {xpath: ${quoted(value)}}`;
  for (const [other, name] of Object.entries(called)) {
    const [found] = matches({ by: other, value, in: scope });
    if (found) return `it is the ${name} of ${describe(found.element)}: write {${other}: ${quoted(value)}}`;
  }
  return looksLikeCSS(value, scope) ? `this looks like a CSS selector: write {css: ${quoted(value)}}` : '';
}

/** The step for an option of a list that is closed, or ''. */
export function choosing(element) {
  const list = tagOf(element) === 'option' && element.closest('select');
  if (!list) return '';
  const [label] = labelTexts(list);
  return `choose from a list with select: {${label ? `label: ${quoted(label)}` : '…'}, option: ${quoted(text(element))}}`;
}

/** An id, a class or an attribute; or what selects something on this page. */
function looksLikeCSS(value, scope) {
  if (/^[#.][a-z_-][\w-]*$/i.test(value)) return true;
  if (!/[#.[>:]/.test(value) || /[.:]$/.test(value)) return false;
  try {
    return matches({ by: 'css', value, in: scope }).length > 0;
  } catch {
    return false;
  }
}

/** Text as it is written in YAML's braces. */
const quoted = (text) => (/^[\p{L}\p{N}][\p{L}\p{N} _./-]*$/u.test(text) ? text : `'${text.replaceAll("'", "''")}'`);
