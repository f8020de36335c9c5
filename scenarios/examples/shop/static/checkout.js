'use strict';
// The checkout: says what is wrong before it asks the server, shows what the delivery costs, and places the order.
{
  const $ = (id) => document.getElementById(id);
  const failed = 'Something went wrong. Your order was not placed.';
  const money = (cents) => `€${(cents / 100).toLocaleString('en', {minimumFractionDigits: 2})}`;

  const mark = (field, why) => {
    field.toggleAttribute('aria-invalid', Boolean(why));
    if (why) field.setAttribute('aria-invalid', 'true');
    $(`${field.name}-wrong`).textContent = why;
  };

  const check = (field) => {
    if (field.type === 'checkbox') return field.checked ? '' : 'Please accept the terms.';
    return field.value.trim() ? '' : 'Please fill this in.';
  };

  const fields = (form) => [...form.elements].filter((f) => f.name);

  const fail = (text) => {
    $('failure').textContent = text;
    $('failure').hidden = !text;
  };

  // The banner, where there is one, comes late, as banners do: when all that is left is to place the order.
  document.addEventListener('change', (e) => {
    const banner = $('cookies');
    if (e.target.id === 'terms' && banner) banner.hidden = false;
  });

  document.addEventListener('change', (e) => {
    if (e.target.id !== 'delivery') return;
    const {cents, when} = e.target.selectedOptions[0].dataset;
    const price = Number(cents);
    const cost = price ? money(price) : 'Free';
    $('delivery-when').textContent = `${when}, ${price ? cost : 'free'}`;
    $('shipping').textContent = cost;
    $('total').textContent = money(Number($('total').dataset.cents) + price);
  });

  // What was marked is checked again as it is mended.
  document.addEventListener('input', (e) => {
    if (e.target.closest('#order [aria-invalid]')) mark(e.target, check(e.target));
  });

  document.addEventListener('submit', async (e) => {
    if (e.target.id !== 'order') return;
    e.preventDefault();
    const form = e.target;
    fail('');
    for (const f of fields(form)) mark(f, check(f));
    const first = form.querySelector('[aria-invalid]');
    if (first) return first.focus();

    const button = $('place');
    if (button) button.disabled = true;
    const order = Object.fromEntries(fields(form).map((f) => [f.name, f.type === 'checkbox' ? f.checked : f.value]));
    const answer = await shop.post('/api/orders', order);
    if (answer?.ok) return location.assign(answer.url);
    if (button) button.disabled = false;
    for (const [name, why] of Object.entries(answer?.fields ?? {})) mark(form.elements[name], why);
    fail(answer && answer.status < 500 ? answer.error : failed);
  });

  document.addEventListener('click', (e) => {
    if (e.target.closest('[data-cookies]')) $('cookies')?.remove();
  });
}
