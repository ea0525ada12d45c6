// Opening a record that is not one's work: a reason, half an hour, a supervisor who looks, and the person who can see it.
import { checkPage } from '../fixtures/checks';
import { answer, ask, signIn, signInStaff } from '../fixtures/people';
import type { Staff } from '../fixtures/portal';
import { expect, test } from '../fixtures/test';

test('a colleague of another team gives a reason, and it is looked at', async ({ page, portal, another }) => {
  test.setTimeout(120_000);
  const called = (name: string): Staff => {
    const found = portal.staff.find((one) => one.email.startsWith(`${name}@`));
    if (!found) throw new Error(`no ${name} in the demo`);
    return found;
  };
  const amira = portal.people[0];
  await signIn(page, portal, amira);
  const reference = await ask(page, 'Only my coordinator should read this.');
  const sam = await another();
  await signInStaff(sam, called('sam'));
  await answer(sam, reference, 'Thank you for telling us.');

  const wyn = await another();
  await signInStaff(wyn, called('wyn'));
  await wyn.goto(`/hub/requests/${reference}`);
  await expect(wyn.getByRole('heading', { level: 1, name: 'This is not in your work' })).toBeVisible();
  await expect(wyn.getByText('Only my coordinator')).toHaveCount(0);
  await checkPage(wyn, 'hub-reason');
  await wyn.getByRole('button', { name: 'Open it' }).click();
  await expect(wyn.getByRole('alert')).toContainText('Say why you need to open it');
  await checkPage(wyn, 'hub-reason-errors');
  await wyn.getByLabel('I cover for a colleague who is away').check();
  await wyn.getByLabel('What happened?').fill('Sam is on leave this week.');
  await wyn.getByRole('button', { name: 'Open it' }).click();
  await expect(wyn.getByText('Only my coordinator should read this.')).toBeVisible();
  await expect(wyn.getByText('This is not in your work. You opened it with a reason')).toBeVisible();
  await checkPage(wyn, 'hub-request-opened');

  const priya = await another();
  await signInStaff(priya, called('priya'));
  await priya.getByRole('link', { name: '1 record was opened outside somebody’s work' }).click();
  await expect(priya.getByText('Sam is on leave this week.')).toBeVisible();
  await checkPage(priya, 'hub-openings');
  await priya.getByRole('button', { name: 'It was right to open it' }).click();
  await expect(priya.getByText('Saved. It is on record.')).toBeVisible();

  await page.getByRole('link', { name: 'Keep it safe' }).click();
  await expect(page.getByText('Wyn, victims’ hub, opened your record, which is not their work, and had to say why')).toBeVisible();
});

test('whoever keeps accounts sees accounts and keys, and nothing of anybody', async ({ page, portal }) => {
  const ada = portal.staff.find((one) => one.role === 'admin');
  if (!ada) throw new Error('no admin in the demo');
  await signInStaff(page, ada, 'Access');
  await expect(page.getByText('demo records system', { exact: true })).toBeVisible();
  await expect(page.getByRole('link', { name: 'Queue' })).toHaveCount(0);
  await checkPage(page, 'hub-access');
});
