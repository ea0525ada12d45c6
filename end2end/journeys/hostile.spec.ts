// Hostile text in every field that is stored, on every page that shows it, in a real browser: no dialog, no report of the
// content security policy (the fixtures listen), and the text is there as text.
import { type Page } from '@playwright/test';
import { ask, signIn, signInStaff } from '../fixtures/people';
import type { Staff } from '../fixtures/portal';
import { expect, test } from '../fixtures/test';

const PAYLOADS = [
  '<script>alert(1)</script>', '</textarea><script>alert(1)</script>', '</title></style></script><img src=x onerror=alert(1)>',
  '"><svg/onload=alert(1)>', "' onfocus=alert(1) autofocus x='", '" onmouseover="alert(1)', '<!--><b>--!>', '<![CDATA[<b>x</b>]]>',
  '&lt;script&gt;alert(1)&lt;/script&gt;', 'javascript:alert(1)//', '{{7*7}} ${7*7} <%= 7*7 %>', '<iframe srcdoc="<script>alert(1)</script>">',
  '<a href="javascript:alert(1)">x</a>', '<form action=/sign-out method=post><button>x', '<base href=//evil.test>',
  '<meta http-equiv=refresh content=0;url=//evil.test>', '<link rel=stylesheet href=//evil.test/x.css>', '<svg><animate onbegin=alert(1)>',
  '<math><mi xlink:href="javascript:alert(1)">x', '<template><img src=x onerror=alert(1)></template>',
];
const TEXT = PAYLOADS.join(' | ');

test('hostile words stay words, for the person and for staff', async ({ page, portal, another }) => {
  test.setTimeout(120_000);
  let dialogs = 0;
  const listen = (one: Page) => one.on('dialog', (dialog) => { dialogs += 1; void dialog.dismiss(); });
  const staff = (name: string): Staff => {
    const found = portal.staff.find((one) => one.email.startsWith(`${name}@`));
    if (!found) throw new Error(`no ${name} in the demo`);
    return found;
  };
  const [sam, wyn, priya] = [await another(), await another(), await another()];
  for (const one of [page, sam, wyn, priya]) listen(one);

  const amira = portal.person('Amira');
  await signIn(page, portal, amira);
  await page.goto('/contact/preferences');
  await page.getByLabel('I will sign in here and look').check();
  await page.getByLabel('Which language should we use?').selectOption('Other');
  await page.getByLabel('If it is another language, which?').fill(PAYLOADS[0]);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(page.getByText(PAYLOADS[0], { exact: true })).toBeVisible();
  const reference = await ask(page, TEXT);
  const write = async (path: string) => {
    await page.goto(path);
    await page.getByLabel('Write a message').fill(TEXT);
    await page.getByRole('button', { name: 'Send' }).click();
    await expect(page.locator('.portal-message__text').last()).toHaveText(TEXT);
  };
  await write(`/support/${reference}`);
  await write(`/cases/${amira.cases[0]}/messages`);

  await signInStaff(sam, staff('sam'));
  await sam.goto(`/hub/requests/${reference}`);
  await sam.getByRole('button', { name: 'Claim this request' }).click();
  await sam.getByLabel('For colleagues only').fill(TEXT);
  await sam.getByRole('button', { name: 'Save note' }).click();
  await expect(sam.locator('.hub-note .portal-message__text').first()).toHaveText(TEXT);
  await sam.getByLabel('What the person will read').fill(TEXT);
  await sam.getByRole('button', { name: 'Send to the person' }).click();
  await expect(sam.getByText(TEXT).first()).toBeVisible();

  // Her question too, or she would be everybody's work.
  await sam.goto('/hub');
  await sam.getByRole('row').filter({ hasText: 'A question about a case' }).getByRole('link').first().click();
  await sam.getByRole('button', { name: 'Claim this request' }).click();
  await expect(sam.getByText('You hold this request now.')).toBeVisible();

  await signInStaff(wyn, staff('wyn'));
  await wyn.goto(`/hub/requests/${reference}`);
  await wyn.getByLabel('I cover for a colleague who is away').check();
  await wyn.getByLabel('What happened?').fill(PAYLOADS.slice(0, 8).join(' '));
  await wyn.getByRole('button', { name: 'Open it' }).click();
  await expect(wyn.getByText('You opened it with a reason')).toBeVisible();
  await signInStaff(priya, staff('priya'));
  await priya.goto('/hub/openings');
  await expect(priya.getByText(PAYLOADS[1])).toBeVisible();

  for (const path of ['/home', '/support', `/support/${reference}`, `/cases/${amira.cases[0]}`, `/cases/${amira.cases[0]}/messages`,
    '/contact', '/contact/preferences', '/security', '/support/new/words']) {
    await page.goto(path);
    await expect(page.locator('main h1')).toHaveCount(1);
  }
  for (const path of ['/hub', '/hub?mine', '/hub/people', `/hub/requests/${reference}`]) {
    await sam.goto(path);
    await expect(sam.locator('main h1')).toHaveCount(1);
  }
  expect(dialogs).toBe(0);
});
