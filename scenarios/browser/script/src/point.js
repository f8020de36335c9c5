// Where to press, and what would be pressed there.

import { children, contains, imageOf, parent, parentElement, tagOf } from './dom.js';
import { control } from './state.js';

const within = (point) => point.x >= 0 && point.y >= 0 && point.x < innerWidth && point.y < innerHeight;

/** The boxes in which an element is drawn: of one that has none of its own (display: contents) those of what is in it. */
function boxesOf(element) {
  if (getComputedStyle(element).display !== 'contents') return [...element.getClientRects()];
  const range = document.createRange();
  range.selectNodeContents(element);
  return [...range.getClientRects()];
}

/** A point of an <area>, the box around it and its image. */
function areaPoint(area) {
  const image = imageOf(area).getBoundingClientRect();
  const numbers = area.coords.split(',').map(Number);
  const middle = (from) => {
    const all = numbers.filter((_, i) => i % 2 === from);
    return area.shape === 'circle' ? all[0] : (Math.min(...all) + Math.max(...all)) / 2;
  };
  if (area.shape === 'default') return { x: image.left + image.width / 2, y: image.top + image.height / 2 };
  return { x: image.left + middle(0), y: image.top + middle(1) };
}

/** The point at whole pixels, unless that is outside of the box: browsers cut off the rest in what they tell the page. */
function whole({ x, y }, box) {
  const round = (value, from, to) => (Math.round(value) >= from && Math.round(value) < to ? Math.round(value) : value);
  return { x: round(x, box.left, box.right), y: round(y, box.top, box.bottom) };
}

/** The points of the element in the viewport, the best first: at = [x, y] from its top left corner, else the middle of what
 * shows; of a label its ends too, where a link may stand in the middle. */
export function pointsOf(element, at) {
  if (at) {
    const box = element.getBoundingClientRect();
    return [whole({ x: box.left + at[0], y: box.top + at[1] }, box)].filter(within);
  }
  if (tagOf(element) === 'area') return [areaPoint(element)].filter(within);
  const points = [];
  for (const box of boxesOf(element)) {
    const left = Math.max(box.left, 0);
    const top = Math.max(box.top, 0);
    const right = Math.min(box.right, innerWidth);
    const bottom = Math.min(box.bottom, innerHeight);
    if (right - left < 0.99 || bottom - top < 0.99) continue;
    const y = (top + bottom) / 2;
    points.push(whole({ x: (left + right) / 2, y }, { left, right, top, bottom }));
    if (tagOf(element) === 'label') points.push({ x: left + 2, y }, { x: right - 2, y });
  }
  return points;
}

/** The element that receives an event at a point, through shadow roots. */
export function hitAt(point) {
  let root = document;
  let hit = null;
  for (;;) {
    const inner = root.elementsFromPoint(point.x, point.y).find((element) => element.getRootNode() === root);
    if (!inner || inner === hit) return hit;
    hit = inner;
    if (!hit.shadowRoot) return hit;
    root = hit.shadowRoot;
  }
}

/** Whether an event on hit reaches target: it is inside it, or in a label that stands for it. */
export function receives(target, hit) {
  if (!hit) return false;
  if (tagOf(target) === 'area' && hit === imageOf(target)) return true;
  if (tagOf(target) === 'label') return contains(target, hit) && (!target.control || [target, target.control].includes(control(hit)));
  if (contains(target, hit)) return true;
  for (let node = hit; node; node = parent(node)) {
    if (tagOf(node) === 'label' && node.control === target) return true;
  }
  return control(hit) === target;
}

const alignments = [
  { block: 'nearest', inline: 'nearest' },
  { block: 'end', inline: 'end' },
  { block: 'center', inline: 'center' },
  { block: 'start', inline: 'start' },
];

/** What of an element is in the layout. */
function drawn(element) {
  if (tagOf(element) === 'area') return imageOf(element) ?? element;
  return getComputedStyle(element).display === 'contents' ? children(element)[0] ?? parentElement(element) : element;
}

/** Scrolls the element into view, another way at each turn, so that a sticky header does not hide it for ever. */
export function scrollTo(element, turn) {
  drawn(element).scrollIntoView({ behavior: 'instant', ...alignments[turn % alignments.length] });
}
