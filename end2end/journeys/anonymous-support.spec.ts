// Asking without an account.
import { screenshot } from '../fixtures/checks';
import { signInStaff } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test('somebody without an account asks once, and keeps what they wrote', async ({ page, portal, another }) => {
  const go = () => page.getByRole('button', { name: 'Continue' }).click();
  const staff = await another();
  await signInStaff(staff, portal.staff[0]);
  // The heading is there before the last row is: count when the page is whole.
  await staff.waitForLoadState('load');
  const before = await staff.getByRole('table').getByRole('row').count();

  await page.goto('/');
  await screenshot(page, 'front');
  await page.getByRole('link', { name: 'Ask for help without an account' }).click();
  await page.getByRole('link', { name: 'Start now' }).click();

  await test.step('nothing chosen: told what to do', async () => {
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await go();
    expect((await answered).status()).toBe(422);
    await expect(page.getByRole('alert').getByRole('link', { name: 'Tell us if you are safe now' })).toBeVisible();
  });

  await page.getByLabel('I am not sure').check();
  await go();
  await page.getByLabel('Money, benefits, or things I lost').check();
  await go();
  await page.getByLabel('This has happened to me before').check();
  await go();
  await page.getByLabel('Is there anything you want to add?').fill('Please call before 3pm.');
  await go();
  await expect(page).toHaveURL(/\/reach$/);

  await test.step('a reload, and a walk back, lose nothing', async () => {
    await page.reload();
    await page.goto('/support/new');
    await page.getByRole('link', { name: 'Carry on' }).click();
    await expect(page.getByLabel('I am not sure')).toBeChecked();
    await page.goto('/support/new/needs');
    await expect(page.getByLabel('Money, benefits, or things I lost')).toBeChecked();
    await page.goto('/support/new/words');
    await expect(page.getByLabel('Is there anything you want to add?')).toHaveValue('Please call before 3pm.');
    await go();
  });

  await test.step('a way to be reached needs its detail', async () => {
    await page.getByLabel('Call me', { exact: true }).check();
    await page.getByLabel('Phone number to call').fill('01632 96');
    await page.getByLabel('What may we call you?').fill('Alex');
    await go();
    await expect(page.getByRole('alert')).toContainText('Enter a UK phone number that is safe to call');
    await expect(page.getByLabel('Phone number to call')).toHaveValue('01632 96');
    await expect(page.getByLabel('What may we call you?')).toHaveValue('Alex');
    await screenshot(page, 'support-reach-anonymous');
    await page.getByLabel('Phone number to call').fill('01632 960 777');
    await go();
  });

  await test.step('two taps are one request', async () => {
    await expect(page.getByText('01632960777').or(page.getByText('+441632960777')).first()).toBeVisible();
    await page.getByRole('button', { name: 'Send' }).dblclick({ noWaitAfter: true });
    await expect(page.getByRole('heading', { level: 1, name: 'We have your request' })).toBeVisible();
  });

  const sent = await page.getByRole('main').innerText();
  const reference = /[2-9A-Z]{4}-[2-9A-Z]{4}/.exec(sent)?.[0] ?? '';
  expect(sent).toContain('We will call you.');
  expect(sent).not.toContain('before 3pm');
  await page.reload();
  await expect(page.getByRole('main')).toContainText(reference);
  expect(portal.inbox.mails).toEqual([]);

  await test.step('staff see one request, with what is needed to answer it', async () => {
    await staff.goto('/hub');
    await expect(staff.getByRole('table').getByRole('row')).toHaveCount(before + 1);
    await staff.getByRole('link', { name: reference }).click();
    await expect(staff.getByText('T1 Same day')).toBeVisible();
    const answers = staff.getByRole('definition');
    await expect(answers.filter({ hasText: '+441632960777' })).toContainText('NO voicemail');
    await expect(staff.getByText('Please call before 3pm.')).toBeVisible();
  });

  await test.step('the reference opens nothing', async () => {
    await page.goto(`/support/${reference}`);
    await expect(page).toHaveURL(/\/sign-in$/);
  });
});
