'use strict';
// The journal: eight more stories whenever the end comes into view, three times.
document.addEventListener('DOMContentLoaded', () => {
  const stories = document.getElementById('stories');
  const more = document.getElementById('more');
  const notes = document.getElementById('notes');
  for (let i = 1; i <= 40; i++) notes.append(Object.assign(document.createElement('li'), {textContent: `Note ${i}`}));

  let pages = 0;
  const load = () => {
    for (let i = 1; i <= 8; i++) {
      const story = document.createElement('article');
      const head = document.createElement('h2');
      head.textContent = `Story ${pages * 8 + i}`;
      const text = document.createElement('p');
      text.textContent = 'It began with a lamp that nobody wanted to throw away.';
      story.className = 'panel story-card';
      story.append(head, text);
      stories.append(story);
    }
    pages++;
    if (pages === 3) {
      more.textContent = 'The end of the journal';
      watcher.disconnect();
    }
  };
  const watcher = new IntersectionObserver((seen) => {
    if (seen.some((s) => s.isIntersecting)) setTimeout(load, 100);
  });
  load();
  watcher.observe(more);
});
