// Frames: the element that a step holds on to, and how a point inside a frame shows in the page around it.

import { elements, idOf, isFrame, parent, tagOf } from './dom.js';
import { arm, coverOf, one, stable } from './act.js';
import { brief, describe, written } from './describe.js';
import { hitAt, receives, scrollTo } from './point.js';
import { visible } from './state.js';
import { Miss, frame, until } from './wait.js';

let kept = null;

/** Keeps an element, for `held`. */
export const keep = (element) => {
  kept = element;
};

/** The element that was kept last. The agent calls it to get hold of the element itself. */
export const held = () => kept;

const awakened = new WeakSet();

/** A frame that is loaded when it comes near the view is brought there once. */
function awaken(element) {
  if (element.loading !== 'lazy' || awakened.has(element)) return;
  awakened.add(element);
  element.scrollIntoView({ behavior: 'instant', block: 'nearest', inline: 'nearest' });
}

/** Waits for the one frame element and keeps it. */
export function hold({ locator, budget }) {
  return until(budget, ({ elapsed }) => {
    const element = frameOf(locator, elapsed);
    if (!isFrame(element)) throw new Miss('not_found', () => `${describe(element)} is no frame`, frameHint);
    awaken(element);
    keep(element);
    return {};
  });
}

function frameOf(locator, elapsed) {
  try {
    return one({ ...locator, frame: true }, { elapsed, parts: true });
  } catch (error) {
    if (error instanceof Miss && error.kind === 'not_found' && !error.final) {
      throw new Miss('not_found', () => `there is no frame ${written(locator)}`, frameHint);
    }
    throw error;
  }
}

const frames = () => [...elements(document)].filter(isFrame);

function frameHint() {
  const all = frames().slice(0, 5).map(selector);
  return all.length ? `the frames here are: ${all.join(', ')}` : 'there are no frames here';
}

/** A frame as it is written in a scenario. */
function selector(element) {
  const tag = tagOf(element);
  const id = idOf(element);
  if (id && /^[\w-]+$/.test(id)) return `{css: ${tag}#${id}}`;
  for (const key of ['name', 'title']) {
    const value = element.getAttribute(key);
    if (value && !value.includes('"')) return `{css: '${tag}[${key}="${value}"]'}`;
  }
  const nth = frames().filter((other) => tagOf(other) === tag).indexOf(element);
  return `{css: ${tag}, nth: ${nth}}`;
}

/** How many frames the document shows. */
export const countFrames = () => frames().filter(visible).length;

/** Keeps the nth of the frames that show, and says how it is written. */
export function holdNth({ nth }) {
  const element = frames().filter(visible)[nth];
  keep(element ?? null);
  return { written: element ? selector(element) : '' };
}

/** Scrolls to the frame that was kept. */
export function showHeld() {
  kept?.scrollIntoView({ behavior: 'instant', block: 'nearest', inline: 'nearest' });
  return {};
}

/** How the document in a frame is laid into this one: a matrix from its viewport to ours. */
function mapping(element) {
  const style = getComputedStyle(element);
  const px = (name) => parseFloat(style[name]) || 0;
  const turned = linear(element);
  const zoom = element.currentCSSZoom ?? 1;
  const box = element.getBoundingClientRect();
  // The middle of the box around what is turned is where the middle of the element is.
  return new DOMMatrix()
    .translate(box.left + box.width / 2, box.top + box.height / 2)
    .multiply(turned)
    .scale(zoom)
    .translate(
      element.clientLeft + px('paddingLeft') / zoom - element.offsetWidth / 2,
      element.clientTop + px('paddingTop') / zoom - element.offsetHeight / 2,
    );
}

/** All that turns and scales the element, without where it moves it. */
function linear(element) {
  let all = new DOMMatrix();
  for (let node = element; node; node = parent(node)) {
    const { transform, rotate, scale } = getComputedStyle(node);
    const own = [
      rotate !== 'none' ? `rotate(${rotate.split(' ').pop()})` : '',
      scale !== 'none' ? `scale(${scale.split(' ').slice(0, 2).join(', ')})` : '',
      transform !== 'none' ? transform : '',
    ].join(' ').trim();
    if (own) all = new DOMMatrix(own).multiply(all);
  }
  all.e = 0;
  all.f = 0;
  return all;
}

const inView = ({ x, y }) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;

/** Maps a point of the frame that was kept to this document, and sees to it that the frame is what receives events there. */
export function through({ point, armed, budget }) {
  return until(budget, async ({ turn }) => {
    const element = kept;
    if (!element?.isConnected) throw new Miss('not_actionable', 'the frame was taken off the page');
    if (!visible(element)) throw new Miss('not_actionable', () => `the frame ${brief(element)} is not visible`);
    const map = () => {
      const { x, y } = mapping(element).transformPoint(new DOMPoint(point.x, point.y));
      return { x, y };
    };
    let at = map();
    if (!inView(at) || turn > 0 && !receives(element, hitAt(at))) {
      scrollToward(element, map, turn);
      at = map();
    }
    await stable(element);
    const rested = map();
    if (rested.x !== at.x || rested.y !== at.y) throw new Miss('not_actionable', () => `the frame ${brief(element)} does not come to rest: it is moving`);
    if (!inView(at)) throw new Miss('not_actionable', () => `the frame ${brief(element)} cannot be scrolled so that the point shows`);
    const hit = hitAt(at);
    if (!receives(element, hit)) {
      const what = () => (hit && !hit.contains(element) ? `is covered by ${coverOf(hit, element)}` : 'is cut off there');
      throw new Miss('not_actionable', () => `the frame ${brief(element)} ${what()}`, 'close what covers it in a step before, or wait until it is gone');
    }
    if (armed) arm(element);
    return { point: at };
  });
}

/** Brings a point of a frame into view: a frame may be larger than the view. */
function scrollToward(element, map, turn) {
  scrollTo(element, turn);
  for (let node = parent(element); node; node = parent(node)) {
    const at = map();
    if (inView(at)) return;
    const scroller = node === document.documentElement ? document.scrollingElement ?? node : node;
    scroller.scrollBy({ behavior: 'instant', left: at.x - innerWidth / 2, top: at.y - innerHeight / 2 });
  }
}

/** Maps a box of the frame that was kept to this document: what shows of it. Of the outermost document it is one of the page. */
export async function clipThrough({ box }) {
  const element = kept;
  if (window !== window.top) showHeld();
  await frame();
  const map = mapping(element);
  const corners = [[0, 0], [1, 0], [0, 1], [1, 1]].map(([right, down]) => map.transformPoint(new DOMPoint(box.x + right * box.width, box.y + down * box.height)));
  const around = element.getBoundingClientRect();
  const xs = corners.map(({ x }) => x);
  const ys = corners.map(({ y }) => y);
  const left = Math.max(Math.min(...xs), around.left);
  const top = Math.max(Math.min(...ys), around.top);
  const right = Math.min(Math.max(...xs), around.right);
  const bottom = Math.min(Math.max(...ys), around.bottom);
  const page = window === window.top ? { x: scrollX, y: scrollY } : { x: 0, y: 0 };
  return { x: left + page.x, y: top + page.y, width: Math.max(right - left, 1), height: Math.max(bottom - top, 1) };
}
