// How a text that is looked for and a text that is there compare.

import { fold } from './dom.js';

/** 2: the whole text; 1: a part of it; 0: no. exact: whole and case-sensitive, or nothing. */
export function grade(found, wanted, exact) {
  const a = fold(found);
  const b = fold(wanted);
  if (exact) return a === b ? 2 : 0;
  const x = a.toLowerCase();
  const y = b.toLowerCase();
  if (x === y) return 2;
  return y !== '' && x.includes(y) ? 1 : 0;
}

/** The best grade among several texts. */
export const bestGrade = (all, wanted, exact) => all.reduce((best, one) => Math.max(best, grade(one, wanted, exact)), 0);

/** Letters to change to make b of a (Levenshtein), for "nearest names". */
export function distance(a, b) {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
