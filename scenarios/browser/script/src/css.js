// CSS selectors through shadow roots: a space in one also means "somewhere inside the shadow root of".

import { parentElement } from './dom.js';

/** The elements below the roots that a selector matches only when its spaces reach through shadow roots. */
export function pierce(roots, selector) {
  const found = [];
  for (const parts of split(selector).filter((parts) => parts.length > 1)) {
    const last = parts.at(-1);
    for (const root of roots) {
      for (const element of root.querySelectorAll(last)) {
        if (inside(element, parts.slice(0, -1))) found.push(element);
      }
    }
  }
  return found;
}

/** Whether around element, outwards, stand elements that match the parts. */
function inside(element, parts) {
  if (!parts.length) return true;
  for (let node = outer(element); node; node = outer(node)) {
    if (node.matches(parts.at(-1)) && inside(node, parts.slice(0, -1))) return true;
  }
  return false;
}

const outer = (element) => parentElement(element) ?? element.getRootNode().host ?? null;

/** A list of selectors, each split at its spaces; what stands in brackets or quotes stays whole. */
function split(selector) {
  const tight = selector.trim().replace(/\s+/g, ' ');
  const all = [[]];
  let part = '';
  let depth = 0;
  const end = () => {
    if (part) all.at(-1).push(part);
    part = '';
  };
  for (const [token] of tight.matchAll(/\\.|"(?:\\.|[^"])*"|'(?:\\.|[^'])*'| ?[>+~] ?|[^]/g)) {
    if ('(['.includes(token)) depth++;
    if (')]'.includes(token)) depth--;
    if (depth > 0 || token.trim() !== '' && token !== ',') {
      part += token;
      continue;
    }
    end();
    if (token === ',') all.push([]);
  }
  end();
  return all;
}
