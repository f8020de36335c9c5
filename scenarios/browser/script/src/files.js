// File inputs.

import { elements, tagOf } from './dom.js';
import { one } from './act.js';
import { describe } from './describe.js';
import { keep } from './frames.js';
import { control, enabled } from './state.js';
import { Miss, until } from './wait.js';

const takesFiles = (element) => tagOf(element) === 'input' && element.type === 'file';

/** Waits for the one file input and keeps it. A label stands for its input, and what is around one for that. */
export function holdFileInput({ locator, files, budget }) {
  return until(budget, ({ elapsed }) => {
    const input = inputOf(one(locator, { elapsed }));
    if (!enabled(input)) throw new Miss('not_actionable', () => `${describe(input)} is disabled`);
    if (files > 1 && !input.multiple && !input.webkitdirectory) {
      throw new Miss('not_actionable', () => `${describe(input)} takes one file, not ${files}`, 'it lacks the attribute multiple', true);
    }
    keep(input);
    return {};
  });
}

function inputOf(element) {
  if (takesFiles(element)) return element;
  const meant = control(element);
  if (takesFiles(meant)) return meant;
  const inside = [...elements(element)].filter(takesFiles);
  if (inside.length === 1) return inside[0];
  if (inside.length) throw new Miss('ambiguous', () => `${inside.length} file inputs are in ${describe(element)}: ${list(inside)}`, 'say which with css or nth');
  throw new Miss('not_actionable', () => `${describe(element)} is no file input, and there is none in it`, () => {
    const all = [...elements(document)].filter(takesFiles);
    return all.length ? `the file inputs are: ${list(all)}` : 'there is no <input type="file"> here';
  });
}

const list = (inputs) => inputs.slice(0, 5).map(describe).join('; ');
