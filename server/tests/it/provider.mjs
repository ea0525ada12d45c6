// An OpenID provider for tests: panva's oidc-provider, in memory, on a free loopback port. Its clock stands still at
// the time it is told, as the portal's does, so that what it signs is neither old nor of tomorrow.
//   node provider.mjs FOLDER-OF-PACKAGES TIME RETURN-ADDRESS
// It says its issuer on standard output and ends when its standard input closes, so it never outlives the test.
//
// Nobody types a password here: /interaction/ID?as=SUBJECT[&acr=LEVEL] signs that subject in, and
// /interaction/ID?as=nobody says that they would not. With &lie=KIND the ID token of that subject is from then on one
// that must not be believed. /other/ tells of the same provider under an issuer that is not its own.
import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
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

const secret = 'a secret for tests';
const [own, strange] = [1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey);

const provider = new Provider(issuer, {
  clients: [
    { client_id: 'portal', client_secret: secret, redirect_uris: [returnTo], grant_types: ['authorization_code'], response_types: ['code'] },
  ],
  jwks: { keys: [{ ...own.export({ format: 'jwk' }), kid: 'own', use: 'sig', alg: 'RS256' }] },
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

const lies = new Map();
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function token(header, claims, seal) {
  const said = `${part(header)}.${part(claims)}`;
  return `${said}.${seal(said).toString('base64url')}`;
}

// The true claims, told in another way; only the first is to be believed.
function told(claims, lie) {
  const by = (key) => (said) => sign('RSA-SHA256', Buffer.from(said), key);
  const header = { alg: 'RS256', typ: 'JWT', kid: 'own' };
  switch (lie) {
    case 'no lie': return token(header, claims, by(own));
    case 'another audience': return token(header, { ...claims, aud: 'another-client' }, by(own));
    case 'an audience more': return token(header, { ...claims, aud: ['portal', 'another-client'] }, by(own));
    case 'another issuer': return token(header, { ...claims, iss: 'https://login.example.test' }, by(own));
    case 'another access token': return token(header, { ...claims, at_hash: 'A'.repeat(22) }, by(own));
    case 'a long-past sign-in': return token(header, { ...claims, auth_time: claims.auth_time - 11 * 60 * 60 }, by(own));
    case 'a strange key': return token(header, claims, by(strange));
    case 'a key that is not there': return token({ ...header, kid: 'strange' }, claims, by(strange));
    case 'a key it brings along': {
      const { n, e, kty } = strange.export({ format: 'jwk' });
      return token({ ...header, jwk: { n, e, kty } }, claims, by(strange));
    }
    case 'the shared secret': return token({ alg: 'HS256', typ: 'JWT' }, claims, (said) => createHmac('sha256', secret).update(said).digest());
    case 'no signature': return token({ alg: 'none', typ: 'JWT' }, claims, () => Buffer.alloc(0));
    case 'no token': return undefined;
    default: throw new Error(`no such lie: ${lie}`);
  }
}

provider.use(async (ctx, next) => {
  await next();
  if (ctx.path !== '/token' || !ctx.body?.id_token) return;
  const claims = JSON.parse(Buffer.from(ctx.body.id_token.split('.')[1], 'base64url'));
  const lie = lies.get(claims.sub);
  if (lie) ctx.body = { ...ctx.body, id_token: told(claims, lie) };
});

const answer = provider.callback();
server.on('request', async (request, response) => {
  const url = new URL(request.url, issuer);
  if (url.pathname.startsWith('/other/')) request.url = request.url.slice('/other'.length);
  if (!url.pathname.startsWith('/interaction/')) return answer(request, response);
  const [as, acr, lie] = ['as', 'acr', 'lie'].map((name) => url.searchParams.get(name) ?? undefined);
  if (lie) lies.set(as, lie);
  const result = as === 'nobody' ? { error: 'access_denied' } : { login: { accountId: as, acr, amr: ['pwd', 'mfa'] } };
  try {
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  } catch (error) {
    response.writeHead(400).end(String(error));
  }
});
process.stdin.on('end', () => process.exit(0)).on('error', () => process.exit(0)).resume();
console.log(issuer);
