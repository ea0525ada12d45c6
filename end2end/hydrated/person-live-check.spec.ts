// Mistakes show when a field is left, by the very code the server runs, and go when they are mended.
import { islandsAwake, screenshot, staysOnPage } from '../fixtures/checks';
import { expect, test } from '../fixtures/test';

test('signing in', async ({ page }) => {
  await page.goto('/sign-in');
  await islandsAwake(page);
  const stays = staysOnPage(page);
  const field = page.getByLabel('Email address or mobile number');
  const mistake = page.getByText('Enter an email address, like name@example.com, or a UK mobile number');
  await field.fill('amira at example');
  await expect(mistake).toBeHidden();
  await field.blur();
  await expect(mistake).toBeVisible();
  await expect(field).toHaveAccessibleDescription(/Enter an email address/);
  await screenshot(page, 'live-check');
  await field.pressSequentially('.test');
  await expect(mistake).toBeVisible();
  await field.fill('amira@example.test');
  await expect(mistake).toBeHidden();
  stays.done();
});

test('asking for support', async ({ page }) => {
  await page.goto('/support/new/reach');
  await islandsAwake(page);
  await page.getByLabel('Call me', { exact: true }).check();
  const phone = page.getByLabel('Phone number to call');
  await phone.fill('0163');
  await phone.blur();
  await expect(page.getByText('Enter a UK phone number that is safe to call')).toBeVisible();
  await phone.fill('01632 960 777');
  await expect(page.getByText('Enter a UK phone number that is safe to call')).toBeHidden();
  await page.getByLabel('Text me', { exact: true }).check();
  await expect(phone).toBeHidden();
  await expect(page.getByLabel('Mobile number to text')).toBeVisible();
});

test('a mended form is sent by the first press', async ({ page }) => {
  await page.goto('/sign-in');
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('alert')).toContainText('Enter your email address or mobile number');
  await islandsAwake(page);
  // The message above the button goes away when the field is left, which the press itself does.
  await page.getByLabel('Email address or mobile number').fill('amira@example.test');
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Check your messages' })).toBeVisible();
});
