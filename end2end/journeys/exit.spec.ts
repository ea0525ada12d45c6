// "Exit this page": the neutral page at once, nothing under Back, and a session that is over on the server. The browser
// keeps pages for Back here, as people's browsers do; Playwright's own browsers have that switched off.
import { type Page, chromium } from '@playwright/test';
import { ask, signIn } from '../fixtures/people';
import type { Portal } from '../fixtures/portal';
import { expect, test as base } from '../fixtures/test';

const test = base.extend<{ exiting: Page }>({
  exiting: async ({ launchOptions, portal, watch }, use) => {
    const browser = await chromium.launch({ ...launchOptions, ignoreDefaultArgs: ['--disable-back-forward-cache'] });
    const context = await browser.newContext({ baseURL: portal.url });
    watch.add(context);
    await use(await context.newPage());
    await browser.close();
  },
});

const exit = (page: Page) => page.getByRole('button', { name: 'Emergency Exit this page' });

/** The word to the server is sent while the page leaves, and may arrive a moment after the neutral page is there. */
const cookiesAreGone = (page: Page) => expect.poll(() => page.context().cookies(), { timeout: 2_000 }).toEqual([]);

/** Wherever Back leads now, nothing of the case is there, and the session's cookie opens nothing. */
async function expectGone(page: Page, portal: Portal, cookie: string): Promise<void> {
  await page.waitForURL(portal.exitUrl);
  await expect(page.getByRole('heading', { name: 'Weather' })).toBeVisible();
  await cookiesAreGone(page);
  for (let back = 0; back < 4; back += 1) {
    await page.goBack({ waitUntil: 'commit' }).catch(() => null);
    // Read again after a moment too: a kept page must not come up late.
    for (let look = 0; look < 4; look += 1) {
      const shown = await page.locator('body').innerText().catch(() => '');
      expect(shown, page.url()).not.toMatch(/Your case|Hello, Amira|What has happened so far/);
      await page.waitForTimeout(100);
    }
  }
  const response = await fetch(`${portal.url}/home`, { headers: { cookie: `__Host-s=${cookie}` }, redirect: 'manual' });
  expect(response.status).toBe(303);
  expect(response.headers.get('location')).toBe('/sign-in');
}

async function toTheCase(page: Page, portal: Portal): Promise<string> {
  await signIn(page, portal, portal.person('Amira'));
  await page.getByRole('link', { name: /^Your case/ }).first().click();
  await expect(page.getByRole('heading', { name: 'What has happened so far' })).toBeVisible();
  const cookie = (await page.context().cookies()).find((one) => one.name === '__Host-s');
  const { value = '' } = cookie ?? {};
  const before = await fetch(`${portal.url}/home`, { headers: { cookie: `__Host-s=${value}` }, redirect: 'manual' });
  expect(before.status, 'the session was alive').toBe(200);
  return value;
}

test('the exit link', async ({ exiting: page, portal }) => {
  const cookie = await toTheCase(page, portal);
  await exit(page).click();
  await expectGone(page, portal, cookie);
});

test('the exit is in reach at the bottom of a long page', async ({ exiting: page, portal }) => {
  const cookie = await toTheCase(page, portal);
  await page.getByRole('link', { name: 'Accessibility' }).scrollIntoViewIfNeeded();
  await expect(exit(page)).toBeInViewport();
  await exit(page).click();
  await expectGone(page, portal, cookie);
});

test('what was begun is not found again by whoever uses the browser next', async ({ exiting: page, portal }) => {
  await page.goto('/support/new/safety');
  await page.getByLabel('I am not sure').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page).toHaveURL(/\/needs$/);
  await exit(page).click();
  await page.waitForURL(portal.exitUrl);
  await cookiesAreGone(page);
  await page.goto('/support/new/safety');
  await expect(page.getByLabel('I am not sure')).not.toBeChecked();
});

test('a person finds their request again after an exit', async ({ exiting: page, portal }) => {
  await signIn(page, portal, portal.person('Amira'));
  const reference = await ask(page, 'Still there after the exit.');
  await exit(page).click();
  await page.waitForURL(portal.exitUrl);
  await signIn(page, portal, portal.person('Amira'));
  await page.goto(`/support/${reference}`);
  await expect(page.getByText('Still there after the exit.')).toBeVisible();
});

test.describe('with scripts', () => {
  // Without them there is the link, and a tab shows what it showed until it is used.
  test.skip(({ javaScriptEnabled }) => javaScriptEnabled === false, 'needs scripts');

  test('Shift three times', async ({ exiting: page, portal }) => {
    const cookie = await toTheCase(page, portal);
    await page.keyboard.press('Shift');
    await expect(page.getByRole('status').filter({ hasText: 'Shift, press 2 more times to exit.' })).toBeAttached();
    await page.keyboard.press('Shift');
    await page.keyboard.press('Shift');
    await expectGone(page, portal, cookie);
  });

  test('capital letters are not an exit', async ({ exiting: page, portal }) => {
    await page.goto('/sign-in');
    await page.getByLabel('Email address or mobile number').focus();
    for (const letter of 'ABCDE') await page.keyboard.press(`Shift+${letter}`);
    await expect(page.getByLabel('Email address or mobile number')).toHaveValue('ABCDE');
    await expect(page).toHaveURL(/\/sign-in$/);
    expect(portal.exitUrl).not.toBe(page.url());
  });

  test('another tab goes too', async ({ exiting: page, portal }) => {
    const cookie = await toTheCase(page, portal);
    const tab = await page.context().newPage();
    await tab.goto('/home');
    await exit(tab).click();
    await tab.waitForURL(portal.exitUrl);
    await expectGone(page, portal, cookie);
  });
});
