'use strict';
// The catalogue: what is typed and chosen becomes a request to the API, and its answer becomes cards. Only the newest
// request counts.
{
  const layouts = {grid: {ghosts: 6}};
  let asked = null;
  let typing = 0;
  const $ = (id) => document.getElementById(id);

  const card = (p) => {
    const c = $('card').content.cloneNode(true);
    const img = c.querySelector('img');
    img.src = p.picture;
    img.alt = p.alt;
    const link = c.querySelector('a');
    link.href = p.url;
    link.textContent = p.name;
    c.querySelector('.price').textContent = p.price;
    c.querySelector('.line').textContent = p.line;
    const tag = c.querySelector('.tag');
    tag.textContent = p.badge;
    tag.hidden = !p.badge;
    return c;
  };

  const ghost = () => {
    const g = document.createElement('div');
    g.className = 'card ghost';
    g.setAttribute('aria-hidden', 'true');
    g.innerHTML = '<div class="frame"></div><div class="words"><p></p><p></p></div>';
    return g;
  };

  const load = () => {
    const layout = layouts[$('results').dataset.layout];
    show(layout.ghosts);
  };

  const show = async (ghosts) => {
    const results = $('results');
    asked?.abort();
    const mine = asked = new AbortController();
    const query = new URLSearchParams([...new FormData($('filters'))].filter(([, v]) => v));
    history.replaceState(null, '', query.size ? `?${query}` : location.pathname);
    $('count').textContent = 'Loading lamps…';
    $('empty').hidden = true;
    results.setAttribute('aria-busy', 'true');
    results.replaceChildren(...Array.from({length: ghosts}, ghost));
    try {
      const r = await fetch(`/api/products?${query}`, {signal: mine.signal});
      if (!r.ok) throw new Error(`status ${r.status}`);
      const {products} = await r.json();
      results.replaceChildren(...products.map(card));
      $('count').textContent = products.length === 1 ? '1 lamp' : `${products.length} lamps`;
      $('empty').hidden = products.length > 0;
    } catch {
      if (mine.signal.aborted) return;
      results.replaceChildren();
      $('count').textContent = 'The lamps could not be loaded. Please try again.';
    }
    results.setAttribute('aria-busy', 'false');
  };

  const soon = () => {
    clearTimeout(typing);
    typing = setTimeout(load, 180);
  };

  document.addEventListener('DOMContentLoaded', load);
  document.addEventListener('input', (e) => { if (e.target.id === 'q') soon(); });
  document.addEventListener('change', (e) => { if (e.target.closest('#filters select')) load(); });
  document.addEventListener('submit', (e) => {
    if (e.target.id !== 'filters') return;
    e.preventDefault();
    clearTimeout(typing);
    load();
  });
  document.addEventListener('click', (e) => {
    if (e.target.id !== 'reset') return;
    for (const field of $('filters').elements) field.value = '';
    load();
    $('q').focus();
  });
}
