// Nothing is ever sent to a place that was not said to be safe, at that time.
import type { Page } from '@playwright/test';
import { screenshot } from '../fixtures/checks';
import { answer, ask, askForCode, signIn, signInStaff } from '../fixtures/people';
import type { Portal } from '../fixtures/portal';
import { expect, test } from '../fixtures/test';

/** The hub's list of what to do by hand, for one person. */
const byHand = (staff: Page, name: string) => staff.getByRole('listitem').filter({ hasText: `: ${name}` });

/**
 * Everything that was due before now has been looked at: a code is asked for and comes. The outbox is worked off in
 * the order in which it was filled.
 */
async function outboxIsWorkedOff(page: Page, portal: Portal, name: string): Promise<void> {
  const { email } = portal.person(name);
  const known = portal.inbox.to(email, 'Your code').length;
  await askForCode(page, email);
  await portal.inbox.next(email, 'Your code', known);
}

async function setEmail(page: Page, choice: { safe: boolean; days?: string[] }): Promise<void> {
  await page.goto('/contact/email');
  await page.getByLabel(choice.safe ? 'Yes, it is safe' : 'No. Do not use it').check();
  if (choice.safe) {
    for (const day of await page.getByRole('group', { name: 'Which days?' }).getByRole('checkbox').all()) await day.uncheck();
    for (const day of choice.days ?? []) await page.getByLabel(day).check();
    await page.getByRole('group', { name: 'May we say who we are?' }).getByLabel('No').check();
  }
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Your choices are saved.')).toBeVisible();
}

test('an unsafe email gets nothing, and looks like any other', async ({ page, portal, another }) => {
  const tom = portal.person('Tom');
  await askForCode(page, tom.email);
  const seen = await page.getByRole('main').innerText();
  await askForCode(page, 'nobody@example.test');
  expect(await page.getByRole('main').innerText()).toBe(seen);
  await outboxIsWorkedOff(await another(), portal, 'Amira');
  expect(portal.inbox.to(tom.email)).toEqual([]);
  expect(portal.inbox.to('nobody@example.test')).toEqual([]);

  const staff = await another();
  await signInStaff(staff, portal.staff[0]);
  await expect(byHand(staff, tom.name)).toContainText('Help them sign in');
  await expect(byHand(staff, tom.name)).toContainText('do not contact them');
  await screenshot(staff, 'hub-by-hand');
});

test('an email that becomes unsafe gets no mail even for a reply', async ({ page, portal, another }) => {
  const bethan = portal.person('Bethan');
  await signIn(page, portal, bethan);
  await setEmail(page, { safe: false });
  const reference = await ask(page);
  await expect(page.getByText('You have not told us a safe way, so we send you nothing.')).toBeVisible();

  const staff = await another();
  await signInStaff(staff, portal.staff[0]);
  await answer(staff, reference, 'We have news for you.');
  await outboxIsWorkedOff(await another(), portal, 'Amira');
  expect(portal.inbox.to(bethan.email, 'You have a message')).toEqual([]);
  await staff.goto('/hub');
  const task = byHand(staff, bethan.name).filter({ hasText: 'Tell them there is a message to read' });
  await expect(task).toContainText('do not contact them');
  await expect(task).not.toContainText(bethan.email);
  await page.goto(`/support/${reference}`);
  await expect(page.getByText('We have news for you.')).toBeVisible();
});

test('somebody who chose the phone is telephoned by hand', async ({ page, portal, another }) => {
  const grace = portal.person('Grace');
  await signIn(page, portal, grace);
  await page.goto('/contact/phone');
  await page.getByLabel('Yes, it is safe').check();
  for (const day of await page.getByRole('group', { name: 'Which days?' }).getByRole('checkbox').all()) await day.check();
  await page.getByLabel('From', { exact: true }).selectOption('0');
  await page.getByLabel('Until', { exact: true }).selectOption('24');
  await page.getByRole('group', { name: 'May we leave a voicemail?' }).getByLabel('No').check();
  await page.getByRole('group', { name: 'May we say who we are?' }).getByLabel('No').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Your choices are saved.')).toBeVisible();
  await page.goto('/contact/preferences');
  await page.getByLabel('Phone call').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText('Your choices are saved.')).toBeVisible();
  const reference = await ask(page);
  await expect(page.getByText('We will call you, at the times you chose.')).toBeVisible();

  const staff = await another();
  await signInStaff(staff, portal.staff[0]);
  await answer(staff, reference, 'Please call us back.');
  await outboxIsWorkedOff(await another(), portal, 'Amira');
  expect(portal.inbox.to(grace.email, 'You have a message')).toEqual([]);
  await staff.goto('/hub');
  const task = byHand(staff, grace.name).filter({ hasText: 'Tell them there is a message to read' });
  await expect(task).toContainText(grace.mobile);
  await expect(task).toContainText('No voicemail.');
  await expect(task).toContainText('Do not say who we are.');
  await task.getByRole('button', { name: `told ${grace.name}` }).click();
  await expect(staff.getByText('Done. It is on record.')).toBeVisible();
  await expect(task).toHaveCount(0);
});

test('outside the hours that were chosen, the mail waits', async ({ page, portal, another }) => {
  const owen = portal.person('Owen');
  await signIn(page, portal, owen);
  // Neither today nor tomorrow, wherever midnight falls.
  const day = new Intl.DateTimeFormat('en-GB', { weekday: 'long', timeZone: 'Europe/London' }).format(Date.now() + 3 * 86_400_000);
  await setEmail(page, { safe: true, days: [day] });
  const reference = await ask(page);
  const staff = await another();
  await signInStaff(staff, portal.staff[0]);
  await answer(staff, reference, 'Answered outside the hours.');
  await outboxIsWorkedOff(await another(), portal, 'Amira');
  expect(portal.inbox.to(owen.email, 'You have a message')).toEqual([]);
  await staff.goto('/hub');
  await expect(byHand(staff, owen.name)).toHaveCount(0);

  await test.step('but a code that was asked for comes at once', async () => {
    await outboxIsWorkedOff(await another(), portal, 'Owen');
  });
});
