// Keyboard, live pages and copying. Every page works without this script.
'use strict';

(() => {
  document.documentElement.classList.add('js');

  // A live page asks again when the server says that something changed.
  const live = document.querySelector('main[data-live]');
  if (live && window.EventSource) {
    const source = new EventSource(live.dataset.live);
    source.addEventListener('changed', () => {
      const now = document.getElementById('main');
      if (!now || now.contains(document.activeElement?.closest('form'))) return;
      window.htmx?.ajax('GET', window.location.href, { source: now, target: now, select: '#main', swap: 'outerMorph' });
    });
    window.addEventListener('pagehide', () => source.close());
  }

  // `/` finds, `g` and a letter goes.
  let goes = false;
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest('input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]');
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape' && typing?.type === 'search') return typing.blur();
    if (typing) return;
    if (event.key === '/') {
      event.preventDefault();
      document.getElementById('search')?.select();
      return document.getElementById('search')?.focus();
    }
    if (goes) {
      goes = false;
      const link = [...document.querySelectorAll('a[data-go]')].find((one) => one.dataset.go === event.key);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    goes = event.key === 'g';
    if (goes) setTimeout(() => { goes = false; }, 1500);
  });

  // A slider says its time of day while it moves, and asks when it rests.
  document.addEventListener('input', (event) => {
    const clock = event.target.dataset?.clock && document.querySelector(event.target.dataset.clock);
    if (!clock) return;
    const minute = Number(event.target.value);
    const two = (number) => String(number).padStart(2, '0');
    clock.textContent = `${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
    event.target.setAttribute('aria-valuetext', clock.textContent);
  });
  document.addEventListener('change', (event) => {
    if (event.target.dataset?.clock) event.target.form.requestSubmit();
  });

  // <button data-copy="#id"> copies the text or the value of an element.
  document.addEventListener('click', async (event) => {
    const button = event.target.closest('button[data-copy]');
    const from = button && document.querySelector(button.dataset.copy);
    if (!from) return;
    await navigator.clipboard.writeText(from.value ?? from.textContent);
    const word = button.textContent;
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = word; }, 2000);
  });

  // A form with data-parts swaps that part of the page, unless its button asks for a whole page.
  document.addEventListener('submit', (event) => {
    const form = event.target.closest('form[data-parts]');
    const by = event.submitter;
    if (!form || !window.htmx || by?.hasAttribute('data-whole')) return;
    event.preventDefault();
    const address = by?.getAttribute('formaction') ?? form.getAttribute('action');
    const part = form.dataset.parts;
    const values = Object.fromEntries(new FormData(form, by));
    window.htmx.ajax('POST', address, { source: form, values, target: part, select: part, swap: 'outerMorph' });
    history.replaceState(null, '', address.split('#')[0]);
  });

  // <a data-line="14"> selects a line of the text beside it.
  document.addEventListener('click', (event) => {
    const line = Number(event.target.closest('a[data-line]')?.dataset.line);
    const text = document.getElementById('text');
    if (!line || !text) return;
    event.preventDefault();
    const lines = text.value.split('\n');
    const start = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    text.focus();
    text.setSelectionRange(start, start + (lines[line - 1] ?? '').length);
    text.scrollTop = (text.scrollHeight / lines.length) * Math.max(0, line - 4);
  });
})();
