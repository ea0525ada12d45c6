// Unfinished words of a request are kept on the server while somebody writes.
import { islandsAwake, screenshot, staysOnPage } from '../fixtures/checks';
import { expect, test } from '../fixtures/test';

// Also at midnight and at midday, which are words.
const SAVED = /Saved at (\d|mid)/;

test('words are kept while writing, and when the signal is lost and found', async ({ page, watch }) => {
  watch.allow(/ERR_INTERNET_DISCONNECTED/);
  await page.goto('/support/new/safety');
  await page.getByLabel('Yes, I am safe now').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page).toHaveURL(/\/needs$/);
  await page.goto('/support/new/words');
  await islandsAwake(page);
  const stays = staysOnPage(page);
  const words = page.getByLabel('Is there anything you want to add?');
  await words.fill('First words.');
  await expect(page.getByRole('status').filter({ hasText: SAVED })).toBeVisible();
  await screenshot(page, 'words-saved');

  await page.context().setOffline(true);
  await words.fill('First words. More, in a tunnel.');
  await expect(page.getByRole('status').filter({ hasText: 'Not saved yet.' })).toBeVisible();
  await page.context().setOffline(false);
  await expect(page.getByRole('status').filter({ hasText: SAVED })).toBeVisible();
  stays.done();

  await page.goto('/support/new/words');
  await expect(words).toHaveValue('First words. More, in a tunnel.');
  const kept = await page.evaluate(() => ({ local: localStorage.length, session: sessionStorage.length }));
  expect(kept, 'nothing is kept in the browser').toEqual({ local: 0, session: 0 });
});
