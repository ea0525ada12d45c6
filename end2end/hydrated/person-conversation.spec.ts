// Answers appear by themselves, messages go without leaving the page, and a lost signal loses no words.
import { islandsAwake, screenshot, staysOnPage } from '../fixtures/checks';
import { answer, ask, signIn, signInStaff } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

const NOT_SENT = 'Not sent. Your words are still here.';

test('a reply appears without reloading', async ({ page, portal, another }) => {
  await signIn(page, portal, portal.person('Amira'));
  const reference = await ask(page);
  await page.goto(`/support/${reference}`);
  await islandsAwake(page);
  await page.getByLabel('Write a message').fill('Half a sent');
  const stays = staysOnPage(page);
  const staff = await another();
  await signInStaff(staff, portal.staff[0]);
  await answer(staff, reference, 'This came by itself.');
  // The page looks every 10 seconds.
  await expect(page.getByText('This came by itself.')).toBeVisible({ timeout: 14_000 });
  await expect(page.getByRole('status').filter({ hasText: 'There is a new message.' })).toBeVisible();
  await expect(page.getByLabel('Write a message')).toHaveValue('Half a sent');
  await screenshot(page, 'reply-by-itself');
  stays.done();
});

test('a message is sent without leaving, and once', async ({ page, portal }) => {
  const amira = portal.person('Amira');
  await signIn(page, portal, amira);
  await page.goto(`/cases/${amira.cases[0]}/messages`);
  await islandsAwake(page);
  const stays = staysOnPage(page);
  await page.getByLabel('Write a message').fill('Has the date moved?');
  await page.getByRole('button', { name: 'Send message' }).dblclick();
  await expect(page.getByText('Your message was sent.')).toBeVisible();
  await expect(page.getByLabel('Write a message')).toHaveValue('');
  await page.getByLabel('Write a message').fill('And is it the same place?');
  await page.getByRole('button', { name: 'Send message' }).click();
  await expect(page.getByText('And is it the same place?')).toBeVisible();
  await expect(page.getByText(/We will answer by .*\d/)).toBeVisible();
  stays.done();
  await page.reload();
  await expect(page.getByRole('listitem').filter({ hasText: 'Has the date moved?' })).toHaveCount(1);
  await expect(page.getByRole('listitem').filter({ hasText: 'And is it the same place?' })).toHaveCount(1);
});

test('a lost signal loses no words', async ({ page, portal, watch }) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED/);
  const amira = portal.person('Amira');
  await signIn(page, portal, amira);
  await page.goto(`/cases/${amira.cases[0]}/messages`);
  await islandsAwake(page);
  const stays = staysOnPage(page);
  const words = page.getByLabel('Write a message');
  await page.context().setOffline(true);
  await words.fill('Written in a tunnel.');
  await page.getByRole('button', { name: 'Send message' }).click();
  await expect(page.getByRole('status').filter({ hasText: NOT_SENT })).toBeVisible();
  await expect(words).toHaveValue('Written in a tunnel.');
  await screenshot(page, 'not-sent');
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Send message' }).click();
  await expect(page.getByText('Your message was sent.')).toBeVisible();
  await expect(page.getByRole('listitem').filter({ hasText: 'Written in a tunnel.' })).toHaveCount(1);
  stays.done();
});

test('a session that ends while somebody writes does not take the words', async ({ page, portal }) => {
  const amira = portal.person('Amira');
  await signIn(page, portal, amira);
  await page.goto(`/cases/${amira.cases[0]}/messages`);
  await islandsAwake(page);
  await page.getByLabel('Write a message').fill('Nearly done.');
  const tab = await page.context().newPage();
  await tab.goto('/home');
  await tab.getByRole('button', { name: 'Sign out' }).click();
  await expect(tab.getByRole('heading', { level: 1, name: 'You are signed out' })).toBeVisible();
  await tab.close();
  await expect(page.getByRole('status').filter({ hasText: 'You are signed out. Your words are still here.' })).toBeVisible({ timeout: 14_000 });
  await expect(page.getByLabel('Write a message')).toHaveValue('Nearly done.');
});
