// A page left open outlives its session: whoever picks the phone up next must not read it. Two minutes before it goes there
// is a word and a way to stay. The clock is asked, not only a timer: a phone in a pocket stops timers.
(() => {
  const { idle, door, stay } = document.currentScript.dataset;
  const life = idle * 1000;
  let end = Date.now() + life;
  let gone = false;
  let warning = null;

  function cover() {
    if (gone) return;
    gone = true;
    document.documentElement.hidden = true;
    document.body.textContent = '';
    location.replace(door);
  }

  function look() {
    if (gone) return;
    const left = end - Date.now();
    // A moment after the session, so that the door is really what comes next.
    if (left <= -5000) return cover();
    if (left <= 120000 && !warning) warn();
    setTimeout(look, left > 120000 ? Math.min(left - 120000, 30000) : 1000);
  }

  async function stayIn() {
    const answer = await fetch(stay, { method: 'HEAD', redirect: 'manual' }).catch(() => null);
    if (!answer) return; // no signal: the word stays
    if (!answer.ok) return cover();
    end = Date.now() + life;
    warning.remove();
    warning = null;
  }

  function warn() {
    warning = document.createElement('div');
    warning.className = 'portal-idle';
    warning.setAttribute('role', 'alert');
    const text = document.createElement('p');
    text.className = 'govuk-body';
    text.textContent = 'We will sign you out in 2 minutes, so that nobody else can read this.';
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'govuk-button govuk-button--secondary';
    button.textContent = 'Stay signed in';
    button.addEventListener('click', stayIn);
    warning.append(text, button);
    document.body.append(warning);
  }

  document.addEventListener('visibilitychange', () => {
    if (!document.hidden && Date.now() > end + 5000) cover();
  });
  look();
})();
