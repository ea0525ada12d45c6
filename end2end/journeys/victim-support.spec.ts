// The chain that must never break: a person asks, the request is triaged, a named coordinator answers, and the person
// is told safely, in the way they chose.
import type { Page } from '@playwright/test';
import { scriptsOn, screenshot } from '../fixtures/checks';
import type { Mail } from '../fixtures/inbox';
import { signIn, signInStaff } from '../fixtures/people';
import { BASE_URL, type Portal } from '../fixtures/portal';
import { expect, test } from '../fixtures/test';

const WORDS = 'Mornings are best. I don’t hear well <on the phone> & “need” time.';
const NOTE = 'INTERNAL: check the risk form before calling.';
const REPLY = 'Hello Amira. I am Sam.\nWe can help with the locks this week.';
const ANSWER = 'Thank you. Thursday would be good.';

/** A mail that gives nothing away to whoever else reads it. */
function expectNeutral(mail: Mail, portal: Portal): void {
  expect(mail.headers.get('from')).toBe('Updates <updates@example.test>');
  expect(mail.headers.get('subject')).toBe('You have a message');
  expect(mail.body.match(/https?:\/\/\S+/g)).toEqual([`${BASE_URL}/`]);
  expect(mail.body).not.toMatch(/victim|witness|crime|police|case|court|support|hub|offen|Amira|Sam\b/i);
  for (const person of portal.people) {
    for (const id of person.cases) expect(mail.raw).not.toContain(id);
  }
}

const go = (page: Page) => page.getByRole('button', { name: 'Continue' }).click();

test('a person asks for support and is answered', async ({ page, portal, another }) => {
  const amira = portal.person('Amira');

  await test.step('home says what is known', async () => {
    await signIn(page, portal, amira);
    await expect(page.getByText('You are not waiting for an answer from us.')).toBeVisible();
    await expect(page.getByRole('link', { name: /^Your case/ })).toHaveCount(amira.cases.length);
    await screenshot(page, 'home');
  });

  await test.step('the case: how far it is, what happened, who to contact, where each line came from', async () => {
    await page.getByRole('link', { name: /^Your case/ }).first().click();
    await expect(page.getByRole('heading', { level: 1, name: /Your case$/ })).toBeVisible();
    await expect(page.getByRole('heading', { name: 'What happens next' })).toBeVisible();
    const timeline = page.getByRole('list').filter({ hasText: 'The police made a record' }).getByRole('listitem');
    await expect(timeline.first()).toBeVisible();
    for (const item of await timeline.all()) await expect(item).toContainText(/From [^.]+\./);
    await expect(page.getByRole('heading', { name: 'Who to contact' })).toBeVisible();
    await expect(page.getByRole('link', { name: '01632 960001' })).toHaveAttribute('href', 'tel:01632960001');
    await screenshot(page, 'case');
    await page.getByRole('link', { name: 'Back', exact: true }).click();
  });

  await test.step('contact choices: what was chosen is shown, an address never', async () => {
    await page.goto('/contact');
    await page.getByRole('link', { name: 'Change email' }).click();
    await page.getByLabel('Yes, it is safe').check();
    for (const day of await page.getByRole('group', { name: 'Which days?' }).getByRole('checkbox').all()) await day.check();
    await page.getByLabel('From', { exact: true }).selectOption('0');
    await page.getByLabel('Until', { exact: true }).selectOption('24');
    await page.getByRole('group', { name: 'May we say who we are?' }).getByLabel('No').check();
    await screenshot(page, 'contact-email');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect(page.getByRole('alert')).toContainText('Your choices are saved.');
    await expect(page.getByRole('definition').filter({ hasText: 'We hold an email address' })).toContainText(/Safe: .+ We will not say who we are\./);
    await screenshot(page, 'contact');
    for (const path of ['/contact', '/contact/email', '/contact/phone', '/contact/letter', '/contact/preferences', '/home']) {
      await page.goto(path);
      const html = await page.content();
      for (const secret of [amira.email, amira.email.split('@')[0] + '@', '7700', 'Invented Street', 'ZZ99']) expect(html).not.toContain(secret);
    }
  });

  await test.step('danger: 999 and the Silent Solution at once', async () => {
    await page.goto('/support');
    await page.getByRole('main').getByRole('link', { name: 'Ask for support' }).click();
    await screenshot(page, 'support-start');
    await page.getByRole('link', { name: 'Start now' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Are you safe right now?' })).toBeVisible();
    await screenshot(page, 'support-safety');
    await page.getByLabel('No, I am in danger now').check();
    await go(page);
    await expect(page.getByRole('heading', { level: 1, name: 'Get help now' })).toBeVisible();
    await expect(page.getByRole('main').getByRole('link', { name: '999' }).first()).toHaveAttribute('href', 'tel:999');
    await expect(page.getByRole('main')).toContainText('Silent Solution');
    await expect(page.getByRole('main')).toContainText('press 55');
    await screenshot(page, 'support-danger');
    await page.getByRole('link', { name: 'Carry on' }).click();
  });

  await test.step('what is missing is said, and what was entered stays', async () => {
    await page.getByLabel('Somewhere safe to live').check();
    await page.getByLabel('How I feel, or my health').check();
    await go(page);
    await page.getByLabel('Someone is hurting or threatening me').check();
    await page.getByLabel('None of these').check();
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await go(page);
    expect((await answered).status()).toBe(422);
    await expect(page).toHaveTitle(/^Error: /);
    const summary = page.getByRole('alert');
    await expect(summary).toContainText('There is a problem');
    await expect(page.getByLabel('Someone is hurting or threatening me')).toBeChecked();
    await expect(page.getByLabel('None of these')).toBeChecked();
    await screenshot(page, 'support-error');
    await summary.getByRole('link', { name: 'Choose what applies, or only “None of these”' }).click();
    await expect(page.getByLabel('Someone is hurting or threatening me')).toBeInViewport();
    await page.getByLabel('None of these').uncheck();
    await go(page);
  });

  const reference = await test.step('answers can be checked and changed, then sent', async () => {
    await page.getByLabel('Is there anything you want to add?').fill(WORDS);
    await screenshot(page, 'support-words');
    await go(page);
    await expect(page.getByText('We will email you that there is a message, and nothing more.')).toBeVisible();
    await page.getByLabel('I will read your answer here').check();
    await screenshot(page, 'support-reach');
    await go(page);
    await expect(page.getByRole('heading', { level: 1, name: 'Check your answers' })).toBeVisible();
    await expect(page.getByText(WORDS)).toBeVisible();
    await page.getByRole('link', { name: 'Change what would help' }).click();
    await page.getByLabel('How I feel, or my health').uncheck();
    await go(page);
    await expect(page.getByRole('heading', { level: 1, name: 'Check your answers' })).toBeVisible();
    await expect(page.getByText('How I feel, or my health')).toHaveCount(0);
    await screenshot(page, 'support-check');
    await page.getByRole('button', { name: 'Send' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'We have your request' })).toBeVisible();
    await expect(page.getByText(/A person at the hub will answer (by|within) .*\d/)).toBeVisible();
    await screenshot(page, 'support-sent');
    const found = /[2-9A-Z]{4}-[2-9A-Z]{4}/.exec(await page.getByRole('main').innerText());
    return found?.[0] ?? '';
  });
  expect(reference).not.toBe('');
  expectNeutral(await portal.inbox.next(amira.email, 'You have a message'), portal);

  const staff = await another();
  await test.step('staff see it first in the queue, with tier and reasons', async () => {
    await signInStaff(staff, portal.staff[0]);
    const first = staff.getByRole('table').getByRole('row').nth(1);
    await expect(first).toContainText(reference);
    await expect(first).toContainText('T0 Danger now');
    await expect(first).toContainText('In danger now');
    await expect(first).toContainText('Being hurt or threatened');
    await expect(staff.getByRole('main')).not.toContainText('Amira');
    await screenshot(staff, 'hub-queue');
    await first.getByRole('button', { name: `Claim ${reference}` }).click();
    await expect(staff.getByText('You hold this request now.')).toBeVisible();
    await expect(staff.getByText(WORDS)).toBeVisible();
    await screenshot(staff, 'hub-request');
  });

  await test.step('staff write a note and a reply, which are two things', async () => {
    await staff.getByLabel('For colleagues only').fill(NOTE);
    await staff.getByRole('button', { name: 'Save note' }).click();
    await expect(staff.getByText('The note is saved. The person does not see it.')).toBeVisible();
    await staff.getByLabel('What the person will read').fill(REPLY);
    await staff.getByRole('button', { name: 'Send to the person' }).click();
    await expect(staff.getByText('Sent. The person is told in the way they chose')).toBeVisible();
    await expect(staff.getByText('Not read yet')).toBeVisible();
    await screenshot(staff, 'hub-answered');
  });

  await test.step('the mail says only that there is a message', async () => {
    const mail = await portal.inbox.next(amira.email, 'You have a message', 1);
    expectNeutral(mail, portal);
    expect(mail.to).toEqual([amira.email]);
    expect(mail.raw).not.toContain(reference);
  });

  await test.step('the person reads the reply, never the note, and answers', async () => {
    await page.goto('/home');
    await page.getByRole('link', { name: 'You have a new message' }).click();
    await expect(page.getByText('We can help with the locks this week.')).toBeVisible();
    await expect(page.getByText(/^Sam, victims’ hub/)).toBeVisible();
    expect(await page.content()).not.toContain('INTERNAL');
    await page.getByLabel('Write a message').fill(ANSWER);
    await page.getByRole('button', { name: 'Send message' }).click();
    await expect(page.getByRole('listitem').filter({ hasText: ANSWER })).toHaveCount(1);
    await expect(page.getByLabel('Write a message')).toHaveValue('');
    if (scriptsOn()) await expect(page.getByText('Your message was sent.')).toBeVisible();
    await screenshot(page, 'request');
    await page.goto('/home');
    await expect(page.getByText('Nothing new since you last looked.')).toHaveCount(0); // the case itself is still news
    await expect(page.getByText(/We will answer .*\d/)).toBeVisible();
  });

  await test.step('staff see the answer and that theirs was read, and close', async () => {
    await staff.goto(`/hub/requests/${reference}`);
    await expect(staff.getByText(ANSWER)).toBeVisible();
    await expect(staff.getByText(/^Read /)).toBeVisible();
    await staff.getByText('Close this request').click();
    await staff.getByLabel('Answered: nothing more is needed').check();
    await staff.getByRole('button', { name: 'Close', exact: true }).click();
    await expect(staff.getByText('This request is closed.', { exact: true })).toBeVisible();
    await staff.goto('/hub');
    await expect(staff.getByRole('table')).not.toContainText(reference);
    await page.goto(`/support/${reference}`);
    await expect(page.getByText('Finished')).toBeVisible();
  });
});
