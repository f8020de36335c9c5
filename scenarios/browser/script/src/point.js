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

/** A point of an <area>. Its coordinates are from the corner of what its image shows, inside of border and padding. */
function areaPoint(area) {
  const image = imageOf(area);
  const box = image.getBoundingClientRect();
  const style = getComputedStyle(image);
  const point = area.shape === 'default' ? { x: image.clientWidth / 2, y: image.clientHeight / 2 } : pointInShape(area);
  return { x: box.left + image.clientLeft + parseFloat(style.paddingLeft) + point.x, y: box.top + image.clientTop + parseFloat(style.paddingTop) + point.y };
}

function pointInShape({ shape, coords }) {
  const numbers = coords.split(/[\s,;]+/).map(Number);
  if (shape === 'circle') return { x: numbers[0], y: numbers[1] };
  const corners = [];
  for (let i = 0; i + 1 < numbers.length; i += 2) corners.push({ x: numbers[i], y: numbers[i + 1] });
  const middle = middleOf(corners);
  if (shape !== 'poly' || inside(middle, corners)) return middle;
  // One of a polygon's corners makes a triangle with its neighbours that is all inside.
  return corners.map((corner, i) => average([corners.at(i - 1), corner, corners[(i + 1) % corners.length]])).find((point) => inside(point, corners)) ?? middle;
}

function middleOf(corners) {
  const between = (values) => (Math.min(...values) + Math.max(...values)) / 2;
  return { x: between(corners.map(({ x }) => x)), y: between(corners.map(({ y }) => y)) };
}

const average = (points) => ({
  x: points.reduce((sum, { x }) => sum + x, 0) / points.length,
  y: points.reduce((sum, { y }) => sum + y, 0) / points.length,
});

/** Whether a ray from the point to the right crosses an odd number of sides. */
const inside = (point, corners) => corners.filter((a, i) => {
  const b = corners.at(i - 1);
  return a.y > point.y !== b.y > point.y && point.x < a.x + (b.x - a.x) * (point.y - a.y) / (b.y - a.y);
}).length % 2 === 1;

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
