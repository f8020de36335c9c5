// Polling, in the page: one round trip a step, not one a poll.

/** What a step that did not come true says. Words that take looking for are functions: only the last miss is asked for them.
 * more is told besides. */
export class Miss extends Error {
  constructor(kind, words, hint = '', final = false) {
    super(kind);
    Object.assign(this, { kind, words, hint, final });
  }

  /** Adds what is told besides. */
  with(more) {
    this.more = more;
    return this;
  }

  told() {
    const tell = (words) => (typeof words === 'function' ? words() : words);
    return { class: this.kind, message: tell(this.words), hint: tell(this.hint), url: location.href, final: this.final, ...tell(this.more) };
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The next animation frame, or 500 ms where no frames are drawn. */
export const frame = () => Promise.race([new Promise((resolve) => requestAnimationFrame(resolve)), pause(500)]);

const pauses = [0, 20, 50, 100, 100, 200];

/** Calls attempt until it does not throw a Miss, or budget ms are over; then throws the last Miss. */
export async function until(budget, attempt) {
  const started = performance.now();
  for (let turn = 0; ; turn++) {
    try {
      return await attempt({ turn, elapsed: performance.now() - started });
    } catch (miss) {
      if (!(miss instanceof Miss) || miss.final) throw miss;
      const left = budget - (performance.now() - started);
      if (left <= 0) throw miss;
      await pause(Math.min(left, pauses[Math.min(turn, pauses.length - 1)]));
    }
  }
}
