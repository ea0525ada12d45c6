// Everybody sees their own, and cannot even tell whether anything else exists.
import { screenshot } from '../fixtures/checks';
import { ask, signIn, signInStaff } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

const NOWHERE = '01900000-0000-7000-8000-000000000000';

test('what is somebody else’s is not there', async ({ page, portal, another }) => {
  const [amira, bethan] = [portal.person('Amira'), portal.person('Bethan')];
  await signIn(page, portal, amira);
  const reference = await ask(page, 'Only for the hub.');
  const other = await another();
  await signIn(other, portal, bethan);

  const texts = new Set<string>();
  for (const path of [`/cases/${amira.cases[0]}`, `/cases/${NOWHERE}`, `/cases/${amira.cases[0]}/messages`, `/support/${reference}`, '/support/2222-2222']) {
    const response = await other.goto(path);
    expect(response?.status(), path).toBe(404);
    await expect(other).toHaveTitle('Page not found – Support and updates');
    texts.add(await other.getByRole('main').innerText());
  }
  expect([...texts], 'one answer for "not yours" and "does not exist"').toHaveLength(1);
  await screenshot(other, 'not-found');

  // With the token of their own forms: what is refused is the request of somebody else.
  await other.goto('/home');
  const token = await other.locator('input[name=form_token]').first().getAttribute('value');
  const written = await other.request.post(`/support/${reference}`, {
    form: { message: 'Not mine', form_token: token ?? '' }, headers: { origin: portal.url },
  });
  expect(written.status()).toBe(404);
  await page.reload();
  await expect(page.getByText('Not mine')).toHaveCount(0);
});

test('signed out, every private page leads to signing in', async ({ page, portal }) => {
  const amira = portal.person('Amira');
  for (const path of ['/home', `/cases/${amira.cases[0]}`, '/contact', '/contact/email', '/support', '/support/2222-2222']) {
    await page.goto(path);
    await expect(page, path).toHaveURL(/\/sign-in$/);
  }
  for (const path of ['/hub', '/hub/requests/2222-2222']) {
    await page.goto(path);
    await expect(page, path).toHaveURL(/\/hub\/sign-in$/);
  }
});

test('a person is not staff, and staff are not a person', async ({ page, portal, another }) => {
  await signIn(page, portal, portal.person('Amira'));
  await page.goto('/hub');
  await expect(page).toHaveURL(/\/hub\/sign-in$/);
  const staff = await another();
  await signInStaff(staff, portal.staff[0]);
  await staff.goto('/home');
  await expect(staff).toHaveURL(/\/sign-in$/);
});

test('a witness sees no crime type', async ({ page, portal, another }) => {
  const [amira, daniel] = [portal.person('Amira'), portal.person('Daniel')];
  const shared = daniel.cases.find((id) => amira.cases.includes(id));
  expect(shared, 'the demo’s witness shares a case with a victim').toBeDefined();
  await signIn(page, portal, amira);
  await page.goto(`/cases/${shared}`);
  await page.getByText('Show what was reported').click();
  const [type] = await page.getByRole('definition').allInnerTexts();
  expect(type.length).toBeGreaterThan(3);

  const witness = await another();
  await signIn(witness, portal, daniel);
  for (const path of ['/home', `/cases/${shared}`, `/cases/${shared}/messages`]) {
    await witness.goto(path);
    const html = await witness.content();
    expect(html, path).not.toContain(type);
    expect(html, path).not.toMatch(/On or near/);
  }
  await witness.goto(`/cases/${shared}`);
  await expect(witness.getByRole('heading', { level: 1, name: /The case you are helping with$/ })).toBeVisible();
  await screenshot(witness, 'case-witness');
});

test('who signed out is gone from the browser', async ({ page, portal }) => {
  await signIn(page, portal, portal.person('Amira'));
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'You are signed out' })).toBeVisible();
  expect(await page.context().cookies()).toEqual([]);
  await page.goBack();
  await expect(page.getByRole('main')).not.toContainText('Amira');
});
