'use strict';
// The payment provider's form: it writes the card number in groups of four, and tells the page around it when it is paid.
document.addEventListener('input', (e) => {
  if (e.target.id !== 'number') return;
  e.target.value = e.target.value.replace(/\D/g, '').slice(0, 16).replace(/(\d{4})(?=\d)/g, '$1 ');
});

document.addEventListener('submit', (e) => {
  e.preventDefault();
  const value = (id) => document.getElementById(id).value.trim();
  const wrong = value('number').replaceAll(' ', '').length !== 16 || !/^\d\d\/\d\d$/.test(value('expiry')) || !/^\d{3,4}$/.test(value('cvc'));
  const refused = document.getElementById('refused');
  refused.hidden = !wrong;
  refused.textContent = wrong ? 'Please check the card.' : '';
  if (wrong) return;
  const done = document.createElement('p');
  done.setAttribute('role', 'status');
  done.textContent = 'Payment accepted';
  e.target.replaceChildren(done);
  parent.postMessage('paid', location.origin);
});
