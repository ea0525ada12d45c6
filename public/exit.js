// Exit this page: leave at once, end the session, and leave nothing for the Back button. Works before (and without) wasm.
(() => {
  const root = document.documentElement;
  const link = () => document.querySelector('a[data-exit]');
  // Other tabs of the portal must not go on showing the case.
  const tabs = 'BroadcastChannel' in window ? new BroadcastChannel('portal-exit') : null;
  let gone = false;

  function leave(told) {
    if (gone) return;
    gone = true;
    const to = link()?.dataset.exit;
    // Hidden first: on a bad signal the next page can take seconds.
    root.hidden = true;
    document.title = 'Loading';
    if (document.body) document.body.textContent = '';
    if (tabs && told !== true) tabs.postMessage(1);
    // The word to the server outlives the page, and its answer, which leads to the neutral page, is not followed. A browser
    // that cannot do that takes the slower way, through /exit itself.
    const sent = Boolean(to) && 'keepalive' in Request.prototype;
    if (sent) fetch('/exit', { method: 'POST', keepalive: true, redirect: 'manual' }).catch(() => {});
    // replace, not assign: the page's own history entry goes too.
    location.replace(sent ? to : '/exit');
  }

  document.addEventListener('click', (event) => {
    if (!event.target.closest?.('a[data-exit]')) return;
    event.preventDefault();
    leave();
  }, true);
  if (tabs) tabs.onmessage = () => leave(true);

  // A page kept by the browser for Back is kept covered, and shown again only by a fresh answer from the server.
  addEventListener('pagehide', (event) => {
    if (event.persisted) root.hidden = true;
  });
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    root.hidden = true;
    location.reload();
  });

  // Shift alone, three times, each within 5 seconds of the last. Shift with a letter is typing.
  let alone = false;
  let presses = 0;
  let timer;
  let status;
  let lights;

  function show(text) {
    if (!status) return;
    status.textContent = text;
    lights.classList.toggle('govuk-exit-this-page__indicator--visible', presses > 0);
    [...lights.children].forEach((light, i) => light.classList.toggle('govuk-exit-this-page__indicator-light--on', i < presses));
  }

  function stop(text) {
    clearTimeout(timer);
    if (presses === 0) return;
    presses = 0;
    show(text);
    timer = setTimeout(show, 5000, '');
  }

  addEventListener('keydown', (event) => {
    alone = event.key === 'Shift' && !event.ctrlKey && !event.altKey && !event.metaKey;
    if (event.key !== 'Shift') stop('Exit this page expired.');
  }, true);
  addEventListener('pointerdown', () => { alone = false; }, true);
  addEventListener('keyup', (event) => {
    if (event.key !== 'Shift' || !alone || !link()) return;
    alone = false;
    presses += 1;
    if (presses === 3) return leave();
    clearTimeout(timer);
    timer = setTimeout(stop, 5000, 'Exit this page expired.');
    show(presses === 1 ? 'Shift, press 2 more times to exit.' : 'Shift, press 1 more time to exit.');
  }, true);

  function ready() {
    document.body.classList.add('js-enabled', 'govuk-frontend-supported');
    const exit = link();
    if (!exit) return;
    status = document.createElement('span');
    status.setAttribute('role', 'status');
    status.className = 'govuk-visually-hidden';
    exit.after(status);
    lights = document.createElement('div');
    lights.className = 'govuk-exit-this-page__indicator';
    lights.setAttribute('aria-hidden', 'true');
    for (let i = 0; i < 3; i += 1) {
      lights.append(Object.assign(document.createElement('div'), { className: 'govuk-exit-this-page__indicator-light' }));
    }
    exit.append(lights);
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', ready);
  else ready();
})();
