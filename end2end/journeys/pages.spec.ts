// What must hold on every page, for everybody who may open it.
import type { Page } from '@playwright/test';
import { checkPage, scriptsOn } from '../fixtures/checks';
import { ask, askForCode, signIn, signInStaff } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

/** Opens pages one after the other; a page without an island must load no wasm and no script for one. */
async function checkPages(page: Page, paths: Record<string, string>): Promise<void> {
  let fetched: string[] = [];
  page.on('request', (request) => fetched.push(request.url()));
  for (const [name, path] of Object.entries(paths)) {
    await test.step(path, async () => {
      fetched = [];
      await page.goto(path);
      await checkPage(page, name);
      const islands = (await page.content()).includes('<leptos-island');
      const awake = fetched.filter((url) => /\.wasm$|\/boot\.[^/]*\.js$/.test(url));
      expect.soft(awake.length, `${path} loads ${awake.join(', ') || 'no wasm'}`).toBe(islands && scriptsOn() ? 2 : 0);
    });
  }
}

test('pages for anybody', async ({ page }) => {
  test.setTimeout(90_000);
  await checkPages(page, {
    front: '/',
    help: '/help',
    'help-rights': '/help/rights',
    'help-services': '/help/services',
    accessibility: '/accessibility',
    privacy: '/privacy',
    'sign-in': '/sign-in',
    'support-start': '/support/new',
    'support-safety': '/support/new/safety',
    'support-danger': '/support/new/danger',
    'support-needs': '/support/new/needs',
    'support-concerns': '/support/new/concerns',
    'support-words': '/support/new/words',
    'support-reach-anonymous': '/support/new/reach',
    'not-found': '/nothing-here',
  });
});

test('signing in, and what is wrong', async ({ page, portal }) => {
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('alert')).toContainText('Enter your email address or mobile number');
  await checkPage(page, 'sign-in-error');
  await askForCode(page, portal.person('Amira').email);
  await checkPage(page, 'sign-in-code');
  await page.getByLabel('6-digit code').fill('000000');
  await page.getByLabel('Your PIN').fill('000000');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('The code or the PIN is not right');
  await expect(page.getByLabel('Your PIN')).toHaveValue('');
  await checkPage(page, 'sign-in-code-error');
});

test('pages for a person', async ({ page, portal }) => {
  test.setTimeout(90_000);
  const amira = portal.person('Amira');
  await signIn(page, portal, amira);
  const reference = await ask(page, 'Words that are long enough to see how they look when they are shown again.\nA second line.');
  await checkPage(page, 'support-sent');
  await page.getByLabel('Write a message').fill('A first message.');
  await page.getByRole('button', { name: 'Send message' }).click();
  await expect(page.getByRole('listitem').filter({ hasText: 'A first message.' })).toBeVisible();
  await page.goto('/support/new/safety');
  await page.getByLabel('Yes, I am safe now').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('How I feel, or my health').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('None of these').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('I will read your answer here').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await checkPage(page, 'support-check');
  await checkPages(page, {
    home: '/home',
    case: `/cases/${amira.cases[0]}`,
    'case-messages': `/cases/${amira.cases[0]}/messages`,
    security: '/security',
    'security-pin': '/security/pin',
    passkeys: '/security/passkeys',
    contact: '/contact',
    'contact-email': '/contact/email',
    'contact-text': '/contact/text',
    'contact-phone': '/contact/phone',
    'contact-letter': '/contact/letter',
    'contact-preferences': '/contact/preferences',
    support: '/support',
    request: `/support/${reference}`,
    'support-reach': '/support/new/reach',
  });
});

test('pages for a witness and for a parent', async ({ page, portal, another }) => {
  for (const [who, open] of [['Daniel', page], ['Grace', await another()]] as const) {
    const person = portal.person(who);
    await signIn(open, portal, person);
    await checkPages(open, { [`home-${person.role}`]: '/home', [`case-${person.role}`]: `/cases/${person.cases[0]}` });
  }
});

test('pages for staff', async ({ page, portal, another }) => {
  const person = await another();
  await signIn(person, portal, portal.person('Amira'));
  const reference = await ask(person, 'Please write in the morning.');
  await page.goto('/hub/sign-in');
  await checkPage(page, 'hub-sign-in');
  await signInStaff(page, portal.staff[0]);
  await checkPage(page, 'hub-queue');
  await page.goto(`/hub/requests/${reference}`);
  await checkPage(page, 'hub-request-waiting');
  await page.getByRole('button', { name: 'Claim this request' }).click();
  await page.getByLabel('For colleagues only').fill('An internal note.');
  await page.getByRole('button', { name: 'Save note' }).click();
  await page.getByRole('button', { name: 'Send to the person' }).click();
  await expect(page.getByRole('alert')).toContainText('Write the message to the person');
  await checkPage(page, 'hub-request-error');
  await page.getByLabel('What the person will read').fill('A reply.');
  await page.getByRole('button', { name: 'Send to the person' }).click();
  await page.getByText('Close this request').click();
  await checkPage(page, 'hub-request');
  await page.goto('/hub?mine');
  await checkPage(page, 'hub-mine');
  await page.goto('/hub/requests/2222-2222');
  await checkPage(page, 'hub-not-found');
});

interface Stop {
  place: number;
  name: string;
  hidden: boolean;
}

/** What has the focus, and whether any of it can be seen: the exit bar sticks to the top (WCAG 2.4.11). */
function focused(page: Page): Promise<Stop | null> {
  return page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body) return null;
    const box = at.getBoundingClientRect();
    const name = `${at.localName} ${at.id || at.textContent?.trim().slice(0, 40)}`;
    const points = [[0.5, 0.5], [0.1, 0.5], [0.9, 0.5], [0.5, 0.9]];
    const seen = points.some(([x, y]) => {
      const top = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
      return top !== null && (at.contains(top) || top.contains(at));
    });
    return { place: [...document.querySelectorAll('*')].indexOf(at), name, hidden: !seen };
  });
}

test('the keyboard reaches everything, and what has the focus can be seen', async ({ page }) => {
  for (const path of ['/sign-in', '/support/new', '/support/new/safety', '/support/new/concerns', '/support/new/words', '/support/new/reach']) {
    await test.step(path, async () => {
      await page.goto(path);
      if (path.endsWith('/reach')) await page.getByLabel('Call me', { exact: true }).check();
      await expectKeyboardReachesAll(page);
    });
  }
});

async function expectKeyboardReachesAll(page: Page): Promise<void> {
  const wanted = await page.evaluate(() => {
    const all = [...document.querySelectorAll<HTMLElement>('a[href], button, input:not([type=hidden]), select, textarea, summary')];
    // One stop for each group of radio buttons.
    const groups = new Set<string>();
    return all.filter((one) => {
      if (!one.checkVisibility()) return false;
      if (!(one instanceof HTMLInputElement) || one.type !== 'radio') return true;
      if (groups.has(one.name)) return false;
      groups.add(one.name);
      return true;
    }).length;
  });
  for (const key of ['Tab', 'Shift+Tab']) {
    // Once round, from wherever the focus is; between the last stop and the first it may be nowhere.
    const stops = new Map<number, Stop>();
    for (let press = 0; press < wanted + 2; press += 1) {
      await page.keyboard.press(key);
      const stop = await focused(page);
      if (stop) stops.set(stop.place, stop);
    }
    const found = [...stops.values()];
    expect(found.length, `${key} stops at ${found.map((stop) => stop.name).join(' | ')}`).toBe(wanted);
    expect(found.filter((stop) => stop.hidden), key).toEqual([]);
  }
}

test('the first stop is the way past the menu', async ({ page }) => {
  await page.goto('/help');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to main content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/#main$/);
});
