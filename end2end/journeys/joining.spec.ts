// Joining: the hub makes an invitation, a link on paper or by email and a word by voice, and somebody new gets in.
import { checkPage, screenshot } from '../fixtures/checks';
import { signInStaff } from '../fixtures/people';
import { BASE_URL } from '../fixtures/portal';
import { expect, test } from '../fixtures/test';

test('somebody new joins with a link and a word', async ({ page, portal, another }) => {
  test.setTimeout(90_000);
  const staff = await another();
  await signInStaff(staff, portal.staff[0]);
  await staff.getByRole('link', { name: 'People', exact: true }).click();
  await expect(staff.getByRole('heading', { level: 1, name: 'People who have not joined' })).toBeVisible();
  await checkPage(staff, 'hub-people');
  await staff.getByRole('link', { name: 'Nia Newcomer' }).click();
  await staff.getByRole('button', { name: 'Make an invitation' }).click();
  await expect(staff.getByRole('alert')).toContainText('Say how you made sure who this person is');
  await checkPage(staff, 'hub-person');
  await staff.getByLabel('I met them and saw who they are').check();
  await staff.getByRole('button', { name: 'Make an invitation' }).click();
  await expect(staff.getByRole('heading', { level: 1, name: 'Invitation for Nia Newcomer' })).toBeVisible();
  await checkPage(staff, 'hub-invitation');
  const link = await staff.locator('.hub-letter__link').innerText();
  const word = await staff.locator('.hub-word').innerText();
  expect(link).toMatch(new RegExp(`^${BASE_URL}/join/[\\w-]{43}$`));

  await test.step('on paper there is the letter alone', async () => {
    await staff.emulateMedia({ media: 'print' });
    await expect(staff.locator('.hub-word')).toBeHidden();
    await expect(staff.getByRole('banner')).toBeHidden();
    await expect(staff.locator('.hub-letter')).toBeVisible();
    await screenshot(staff, 'hub-invitation-printed');
    await staff.emulateMedia({ media: 'screen' });
  });

  await page.goto(link.slice(BASE_URL.length));
  await checkPage(page, 'join');
  await page.getByLabel('The word that we told you').fill('ZZZ ZZZ');
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('alert')).toContainText('That word does not work with this link');
  await page.getByLabel('The word that we told you').fill(word.toLowerCase());
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page).toHaveURL(/\/join\/you$/);
  await checkPage(page, 'join-who-sees');
  await page.getByRole('group', { name: 'Who uses this phone or computer?' }).getByLabel('I am not sure').check();
  await page.getByRole('group', { name: 'Who can read your email?' }).getByLabel('Somebody else can, or might').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByText('You said that somebody else may read your email.')).toBeVisible();
  await checkPage(page, 'join-way-in');

  await page.getByLabel('Email address that only you can open').fill('nia.safe@example.test');
  await page.getByLabel('Choose a PIN').fill('123456');
  await page.getByLabel('The same PIN again').fill('123456');
  await page.getByRole('button', { name: 'Send me a code' }).click();
  await expect(page.getByRole('alert')).toContainText('That PIN is too easy to guess');
  await expect(page.getByLabel('Email address that only you can open')).toHaveValue('nia.safe@example.test');
  await page.getByLabel('Choose a PIN').fill('246813');
  await page.getByLabel('The same PIN again').fill('246813');
  await page.getByRole('button', { name: 'Send me a code' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Check your messages' })).toBeVisible();
  const mail = await portal.inbox.next('nia.safe@example.test', 'Your code', 0);
  await page.getByLabel('6-digit code').fill(/Your code is (\d{6})/.exec(mail.body)?.[1] ?? '');
  await page.getByLabel('Your PIN').fill('246813');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Hello, Nia' })).toBeVisible();
  expect(portal.inbox.mails.length).toBe(1);

  await test.step('one tap stops all messages, and who looked is there to see', async () => {
    await page.getByRole('link', { name: 'Keep it safe' }).click();
    await expect(page.getByText(/^.*: Sam, victims’ hub, made you an invitation\.$/)).toBeVisible();
    await page.getByRole('button', { name: 'Stop all messages' }).click();
    await expect(page.getByText(/All messages are stopped, since/)).toBeVisible();
    await checkPage(page, 'security-stopped');
    await page.getByRole('button', { name: 'Start messages again' }).click();
    await expect(page.getByRole('button', { name: 'Stop all messages' })).toBeVisible();
    await page.getByRole('button', { name: 'Sign out everywhere' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'You are signed out' })).toBeVisible();
  });
});

test('somebody new joins with a link by email and a word by voice', async ({ page, portal, another }) => {
  test.setTimeout(90_000);
  const staff = await another();
  await signInStaff(staff, portal.staff[0]);
  await staff.getByRole('link', { name: 'People', exact: true }).click();
  await staff.getByRole('link', { name: 'Nia Newcomer' }).click();
  await staff.getByRole('link', { name: 'Email the link' }).click();
  await expect(staff.getByRole('heading', { level: 1, name: 'Email the link' })).toBeVisible();
  await staff.getByLabel('Email address that they told you').fill('nia.alone@example.test');
  await staff.getByLabel('I met them and saw who they are').check();
  await staff.getByRole('button', { name: 'Email the link' }).click();
  await expect(staff.getByRole('alert')).toContainText('Tick this only if they told you, alone with you');
  await expect(staff.getByLabel('I met them and saw who they are')).toBeChecked();
  await expect(staff.getByLabel('Email address that they told you')).toHaveValue('');
  await checkPage(staff, 'hub-email-link');
  await staff.getByLabel('Email address that they told you').fill('nia.alone@example.test');
  await staff.getByLabel('They told me, alone with me, that only they read this inbox').check();
  await staff.getByRole('button', { name: 'Email the link' }).click();
  await expect(staff.getByRole('heading', { level: 1, name: 'Invitation for Nia Newcomer' })).toBeVisible();
  await checkPage(staff, 'hub-emailed');
  const word = await staff.locator('.hub-word').innerText();
  await expect(staff.locator('main')).not.toContainText('/join/');

  const mail = await portal.inbox.next('nia.alone@example.test', 'Your link');
  expect(mail.body).not.toContain(word);
  const link = /https:\S+\/join\/[\w-]{43}/.exec(mail.body)?.[0] ?? '';
  expect(mail.body.replace(link, '')).not.toMatch(/nia|victim|police|hub|case/i);
  expect(link.startsWith(`${BASE_URL}/join/`)).toBe(true);
  await expect(async () => {
    await staff.goto(staff.url().replace(/\/email$/, ''));
    await expect(staff.getByText(/Sent by email on/)).toBeVisible({ timeout: 1_000 });
  }).toPass({ timeout: 10_000 });
  await expect(staff.locator('body')).not.toContainText('nia.alone@example.test');

  await page.goto(link.slice(BASE_URL.length));
  await page.getByRole('button', { name: 'Continue' }).click();
  await expect(page.getByRole('alert')).toContainText('Enter the word that we told you');
  await page.getByLabel('The word that we told you').fill(word);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('group', { name: 'Who uses this phone or computer?' }).getByLabel('Only me').check();
  await page.getByRole('group', { name: 'Who can read your email?' }).getByLabel('Only me').check();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByLabel('Email address that only you can open').fill('nia.own@example.test');
  await page.getByLabel('Choose a PIN').fill('246813');
  await page.getByLabel('The same PIN again').fill('246813');
  await page.getByRole('button', { name: 'Send me a code' }).click();
  const code = await portal.inbox.next('nia.own@example.test', 'Your code');
  await page.getByLabel('6-digit code').fill(/Your code is (\d{6})/.exec(code.body)?.[1] ?? '');
  await page.getByLabel('Your PIN').fill('246813');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Hello, Nia' })).toBeVisible();
  // The inbox of the link gets nothing more.
  expect(portal.inbox.to('nia.alone@example.test').length).toBe(1);
});
