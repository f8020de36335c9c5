'use strict';
// The workshop: photos, questions asked by dialogs, the wish list by drag and drop, the dimmer by pointer events, and a lamp
// that listens to fingers.
{
  const $ = (id) => document.getElementById(id);
  const answers = {
    cancel: () => (confirm('Cancel this repair?') ? 'Repair cancelled.' : 'Repair goes on.'),
    name: () => {
      const name = prompt('What do you call it?');
      return name ? `Your lamp is called ${name}.` : 'Your lamp has no name.';
    },
    bell: () => {
      alert('Ding!');
      return 'The bell was rung.';
    },
    close: () => window.close(),
  };

  document.addEventListener('click', (e) => {
    const ask = e.target.closest('[data-ask]');
    if (!ask) return;
    const answer = answers[ask.dataset.ask]();
    if ($('answer')) $('answer').textContent = answer;
  });

  document.addEventListener('change', (e) => {
    if (e.target.id !== 'photos') return;
    $('chosen').replaceChildren(...[...e.target.files].map((f) => Object.assign(document.createElement('li'), {textContent: f.name})));
  });

  window.addEventListener('message', (e) => {
    if (e.origin === location.origin && e.data === 'paid') $('paid').textContent = 'Thank you, the deposit is paid.';
  });

  document.addEventListener('dragstart', (e) => e.dataTransfer.setData('text/plain', e.target.dataset.lamp));
  document.addEventListener('dragover', (e) => {
    if (e.target.closest('#wishlist')) e.preventDefault();
  });
  document.addEventListener('drop', (e) => {
    const zone = e.target.closest('#wishlist');
    if (!zone) return;
    e.preventDefault();
    const lamp = document.querySelector(`#shelf [data-lamp="${e.dataTransfer.getData('text/plain')}"]`);
    if (!lamp) return;
    zone.querySelector('ul').append(lamp);
    const n = zone.querySelectorAll('li').length;
    $('wished').textContent = `${n} ${n === 1 ? 'lamp' : 'lamps'} on your wish list.`;
  });

  let held = null;
  document.addEventListener('pointerdown', (e) => {
    held = e.target.closest('.knob');
    if (held) e.preventDefault();
  });
  document.addEventListener('pointermove', (e) => {
    if (!held) return;
    const track = $('track').getBoundingClientRect();
    const percent = Math.round(Math.min(Math.max((e.clientX - track.left) / (track.width - held.offsetWidth), 0), 1) * 100);
    held.style.left = `calc((100% - ${held.offsetWidth}px) * ${percent / 100})`;
    held.setAttribute('aria-valuenow', percent);
    $('brightness').textContent = `Brightness ${percent} %`;
  });
  document.addEventListener('pointerup', () => { held = null; });

  document.addEventListener('touchstart', (e) => {
    if (!e.target.closest('#touch-lamp')) return;
    $('touched').textContent = 'The lamp is on.';
    $('touch-lamp').classList.add('on');
  });
}
