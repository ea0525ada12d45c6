// The queue moves by itself: somebody in danger is seen within seconds, and so is who took a request.
import { islandsAwake, staysOnPage } from '../fixtures/checks';
import { ask, signIn, signInStaff } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test('a new request and a colleague’s claim appear by themselves', async ({ page, portal, another }) => {
  await signInStaff(page, portal.staff[0]);
  await islandsAwake(page);
  const table = page.getByRole('table');
  const first = await table.getByRole('row').nth(1).getByRole('link').innerText();
  await page.getByRole('link', { name: first }).focus();
  const stays = staysOnPage(page);

  const person = await another();
  await signIn(person, portal, portal.person('Amira'));
  const reference = await ask(person);
  const row = table.getByRole('row').filter({ hasText: reference });
  await expect(row).toBeVisible({ timeout: 8_000 });
  await expect(page.getByRole('link', { name: first })).toBeFocused();

  const colleague = await another();
  await signInStaff(colleague, portal.staff[1]);
  await colleague.getByRole('button', { name: `Claim ${reference}` }).click();
  await expect(colleague.getByText('You hold this request now.')).toBeVisible();
  await expect(row).toContainText(portal.staff[1].name.split(' ')[0], { timeout: 8_000 });
  await expect(row.getByRole('button')).toHaveCount(0);
  stays.done();
});
