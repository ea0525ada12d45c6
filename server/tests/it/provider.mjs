// An OpenID provider for tests: panva's oidc-provider, in memory, on a free loopback port. Its clock stands still at
// the time it is told, as the portal's does, so that what it signs is neither old nor of tomorrow.
//   node provider.mjs FOLDER-OF-PACKAGES TIME RETURN-ADDRESS
// It says its issuer on standard output and ends when its standard input closes, so it never outlives the test.
//
// Nobody types a password here: /interaction/ID?as=SUBJECT[&acr=LEVEL] signs that subject in, and
// /interaction/ID?as=nobody says that they would not.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const [packages, time, returnTo] = process.argv.slice(2);
const now = Date.parse(time);
Date.now = () => now;
const found = createRequire(`${packages}/package.json`).resolve('oidc-provider');
const { default: Provider } = await import(pathToFileURL(found).href);

const server = createServer();
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    { client_id: 'portal', client_secret: 'a secret for tests', redirect_uris: [returnTo], grant_types: ['authorization_code'], response_types: ['code'] },
  ],
  cookies: { keys: ['a key for tests'] },
  acrValues: ['password', 'hardware'],
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: 'lena@hub.example.test', email_verified: true }) }),
  // Everybody may use the one client there is.
  loadExistingGrant: async (ctx) => {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid');
    await grant.save();
    return grant;
  },
});

const answer = provider.callback();
server.on('request', async (request, response) => {
  const url = new URL(request.url, issuer);
  if (!url.pathname.startsWith('/interaction/')) return answer(request, response);
  const [as, acr] = [url.searchParams.get('as'), url.searchParams.get('acr') ?? undefined];
  const result = as === 'nobody' ? { error: 'access_denied' } : { login: { accountId: as, acr, amr: ['pwd', 'mfa'] } };
  try {
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  } catch (error) {
    response.writeHead(400).end(String(error));
  }
});
process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume();
console.log(issuer);
