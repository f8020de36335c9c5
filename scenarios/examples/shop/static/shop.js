'use strict';
// What every page needs: the toast, the cart's badge, the steppers and the "Add to cart" form. All of it listens on
// the document, so that it works from the first moment of a page and for whatever is drawn later.

const shop = {
  toast(text) {
    const t = document.createElement('p');
    t.className = 'toast';
    t.textContent = text;
    document.querySelector('.toasts').replaceChildren(t);
    setTimeout(() => t.remove(), 5000);
  },

  badge(count) {
    const b = document.querySelector('.badge');
    b.textContent = count;
    b.hidden = count === 0;
    document.getElementById('bag-note').textContent = `${count} in it`;
  },

  // post sends JSON and returns the answer's, whatever its status; null when there is none.
  async post(url, body) {
    try {
      const r = await fetch(url, {
        method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body),
      });
      return {status: r.status, ok: r.ok, ...await r.json()};
    } catch {
      return null;
    }
  },
};

document.addEventListener('click', (e) => {
  const step = e.target.closest('[data-step]');
  if (!step) return;
  const input = step.parentElement.querySelector('input');
  const before = input.value;
  if (step.dataset.step > 0) input.stepUp(); else input.stepDown();
  if (input.value !== before) input.dispatchEvent(new Event('change', {bubbles: true}));
});

document.addEventListener('click', (e) => {
  if (e.target.closest('[data-answer]')) document.getElementById('privacy').remove();
});

document.addEventListener('change', (e) => {
  const form = e.target.closest('form[data-autosubmit]');
  if (form && form.reportValidity()) form.submit();
});

document.addEventListener('submit', async (e) => {
  if (e.target.id !== 'buy') return;
  e.preventDefault();
  const form = e.target;
  const button = form.querySelector('button:not([type])');
  const wrong = document.getElementById('buy-error');
  wrong.textContent = '';
  button.disabled = true;
  const answer = await shop.post('/api/cart', {
    product: form.elements.product.value, quantity: Number(form.elements.quantity.value),
  });
  button.disabled = false;
  if (answer?.ok) {
    shop.badge(answer.count);
    shop.toast('Added to cart');
  } else {
    wrong.textContent = answer?.error ?? 'Something went wrong. Please try again.';
  }
});
