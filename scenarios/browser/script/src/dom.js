// The document as a person finds it: through open shadow roots, with white space folded.

// A form's fields hide the form's own properties of the same name, as <input name="children"> does: these are read past them.
const property = (prototype, name) => {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name);
  return (node) => get.call(node);
};
export const children = property(Element.prototype, 'children');
export const tagOf = property(Element.prototype, 'localName'); // in lower case, in XHTML too
export const parentElement = property(Node.prototype, 'parentElement');
const textContent = property(Node.prototype, 'textContent');
const childNodes = property(Node.prototype, 'childNodes');

export const idOf = (element) => element.getAttribute('id') ?? '';

const unseen = new Set(['script', 'style', 'noscript', 'template', 'head', 'title', 'meta', 'link']);

const holders = new Set(['iframe', 'frame', 'object', 'embed']);
export const isFrame = (element) => holders.has(tagOf(element));

/** The image of which an <area> is a part. */
export function imageOf(area) {
  const map = area.closest('map')?.getAttribute('name');
  return map ? area.getRootNode().querySelector(`img[usemap="#${CSS.escape(map)}"]`) : null;
}

/** All elements below the roots, in document order, through open shadow roots. */
export function* elements(root) {
  if (root.shadowRoot) yield* elements(root.shadowRoot);
  for (const node of root instanceof Element ? children(root) : root.children) {
    if (unseen.has(tagOf(node))) continue;
    yield node;
    yield* elements(node);
  }
}

/** The document or shadow roots at and below node, itself first. */
export function* queryRoots(node) {
  yield node;
  if (node.shadowRoot) yield* queryRoots(node.shadowRoot);
  for (const element of node.querySelectorAll('*')) {
    if (element.shadowRoot) yield* queryRoots(element.shadowRoot);
  }
}

/** The parent in the composed tree: the slot that shows a node, the host of a shadow root. */
export function parent(node) {
  if (node.assignedSlot) return node.assignedSlot;
  const above = parentElement(node);
  if (above) return above;
  const root = node.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}

/** Whether inner is outer or inside it, in the composed tree. */
export function contains(outer, inner) {
  for (let node = inner; node; node = parent(node)) {
    if (node === outer) return true;
  }
  return false;
}

/** Outermost first, each element once, in document order as far as one tree reaches. */
export function inOrder(list) {
  return [...new Set(list)].sort((a, b) => {
    const position = a.compareDocumentPosition(b);
    if (position & Node.DOCUMENT_POSITION_DISCONNECTED) return 0;
    return position & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : position & Node.DOCUMENT_POSITION_PRECEDING ? 1 : 0;
  });
}

export const fold = (text) => (text ?? '').replace(/[\s\u00a0\u200b\ufeff]+/g, ' ').trim();
export const bare = (text) => (text ?? '').replace(/[\s\u00a0\u200b\ufeff]+/g, '').toLowerCase();

export const buttonInput = (element) => tagOf(element) === 'input' && ['submit', 'button', 'reset'].includes(element.type);

/** All text of an element as it is in the document, its shadow root's included. */
export function rawText(element) {
  if (buttonInput(element)) return element.value;
  if (unseen.has(tagOf(element))) return '';
  if (!element.shadowRoot) return textContent(element);
  return rootText(element.shadowRoot) + ' ' + textContent(element);
}

function rootText(root) {
  let text = '';
  for (const child of childNodes(root)) {
    if (child.nodeType === Node.TEXT_NODE) text += child.data;
    else if (child.nodeType === Node.ELEMENT_NODE) text += rawText(child);
  }
  return text;
}

/** The ways in which an element's text reads: as it is shown, and as it is written. White space folded. */
export function texts(element) {
  const raw = fold(rawText(element));
  if (buttonInput(element) || element.shadowRoot) return [raw];
  const shown = fold(element.innerText);
  if (shown === raw) return [raw];
  // What is written but never shown, as a script is, is no text.
  if (element.querySelector('script, style, noscript, template')) return [shown];
  return shown ? [shown, raw] : [raw];
}

/** The text for a person: as it is shown, else as it is written. */
export const text = (element) => texts(element)[0];
