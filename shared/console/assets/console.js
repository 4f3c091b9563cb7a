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
      if (now && !now.contains(document.activeElement?.closest('form'))) window.htmx?.trigger(now, 'changed');
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
})();
