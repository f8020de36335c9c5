// The functions that the agent calls, by name. Each takes one request and gives {value} or {miss}: what was not so, in words.

import { conceal, confirm, fieldKind, filled, focus, hasFocus, isChecked, prepare, ready, select, set } from './act.js';
import { expect, isVisible, read } from './expect.js';
import { holdFileInput } from './files.js';
import { clipThrough, held, hold, holdNth, showHeld, through } from './frames.js';
import { loaded, timings, where } from './load.js';
import { clip, mask, unmask } from './picture.js';
import { scroll } from './scroll.js';
import { Miss } from './wait.js';

const functions = {
  clip, clipThrough, conceal, confirm, expect, fieldKind, filled, focus, hasFocus, hold, holdFileInput, holdNth, isChecked, isVisible, loaded, mask, prepare,
  read, ready, scroll, select, set, showHeld, through, timings, unmask, where,
};

const answering = (f) => async (request = {}) => {
  try {
    return { value: await f(request) };
  } catch (error) {
    if (!(error instanceof Miss)) throw error;
    return { miss: error.told() };
  }
};

globalThis.tw = Object.fromEntries(Object.entries(functions).map(([name, f]) => [name, answering(f)]));
// This one gives the element itself, to be acted on by the agent.
globalThis.tw.held = held;
