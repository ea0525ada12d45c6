// What a first visit costs on a phone's contract: bytes as sent, by page and kind. Saved in results/weight-<project>.txt.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { islandsAwake } from '../fixtures/checks';
import { signIn } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

const KINDS = ['document', 'stylesheet', 'script', 'wasm', 'other'] as const;
type Kind = (typeof KINDS)[number];

test('first loads are small', async ({ page, portal, another }) => {
  const amira = portal.person('Amira');
  await signIn(page, portal, amira);
  const state = await page.context().storageState();
  const lines = [['page', ...KINDS, 'all'].map((text) => text.padStart(12)).join('')];
  for (const [name, path, islands] of [
    ['front', '/', false], ['sign in', '/sign-in', true], ['home', '/home', false], ['case', `/cases/${amira.cases[0]}`, false],
    ['messages', `/cases/${amira.cases[0]}/messages`, true],
  ] as const) {
    // A browser that has never been here.
    const fresh = await another();
    await fresh.context().addCookies(state.cookies);
    const sizes: Promise<[Kind, number]>[] = [];
    fresh.on('requestfinished', (request) => {
      const type = request.resourceType();
      const kind = request.url().endsWith('.wasm') ? 'wasm' : (KINDS.find((one) => one === type) ?? 'other');
      sizes.push(request.sizes().then((size) => [kind, size.responseBodySize]));
    });
    await fresh.goto(path, { waitUntil: 'load' });
    if (islands) await islandsAwake(fresh);
    const weight: Record<Kind, number> = { document: 0, stylesheet: 0, script: 0, wasm: 0, other: 0 };
    for (const [kind, size] of await Promise.all(sizes)) weight[kind] += size;
    const all = Object.values(weight).reduce((sum, size) => sum + size, 0);
    lines.push([name, ...KINDS.map((kind) => weight[kind]), all].map((cell) => String(cell).padStart(12)).join(''));
    expect.soft(weight.document + weight.stylesheet, `${name}: HTML and CSS`).toBeLessThanOrEqual(16 * 1024);
    expect.soft(weight.wasm, `${name}: wasm`).toBeLessThanOrEqual(islands ? 60 * 1024 : 0);
    await fresh.context().close();
  }
  const folder = join(import.meta.dirname, '../results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `weight-${test.info().project.name}.txt`), `${lines.join('\n')}\n`);
});
