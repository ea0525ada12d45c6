// Makes or uses a passkey: what the browser answers goes to the server as a field of an ordinary form. What stands hidden for it
// is shown only where it can work; where it cannot, the page says what else there is.
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (one) => one.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const parts = ['attestationObject', 'clientDataJSON', 'authenticatorData', 'signature', 'userHandle'];

  async function ask({ passkey, options }) {
    const publicKey = JSON.parse(options);
    publicKey.challenge = bytes(publicKey.challenge);
    if (publicKey.user) publicKey.user.id = bytes(publicKey.user.id);
    const { id, rawId, type, response } = await navigator.credentials[passkey]({ publicKey });
    const said = {};
    for (const part of parts) if (response[part]) said[part] = text(response[part]);
    return JSON.stringify({ id, rawId: text(rawId), type, response: said });
  }

  function ready() {
    if (!('PublicKeyCredential' in window)) return;
    for (const one of document.querySelectorAll('[data-passkey-host]')) {
      if (one.dataset.passkeyHost !== location.hostname) return;
      one.hidden = false;
    }
    for (const one of document.querySelectorAll('[data-passkey-cannot]')) one.hidden = true;
    const form = document.querySelector('form[data-passkey]');
    if (!form) return;
    let busy = false;
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      if (busy) return;
      busy = true;
      // Closed or refused, it is sent empty: the server's page says what to do.
      form.elements.credential.value = await ask(form.dataset).catch(() => '');
      form.submit();
    });
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', ready);
  else ready();
})();
