// A page left open is taken away when its session has run out: whoever picks the phone up next reads nothing.
import { screenshot } from '../fixtures/checks';
import { signIn } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test('a page left open warns, can be kept, and goes', async ({ page, portal, javaScriptEnabled }) => {
  test.skip(!javaScriptEnabled, 'without scripts the page says by itself when it goes; see the HTTP tests');
  await signIn(page, portal, portal.person('Amira'));
  await page.clock.install();
  await page.goto('/contact');
  const warning = page.getByRole('alert').filter({ hasText: 'We will sign you out in 2 minutes' });
  await page.clock.fastForward('07:59');
  await expect(warning).toHaveCount(0);
  await page.clock.fastForward('00:31');
  await expect(warning).toBeVisible();
  await screenshot(page, 'left-open');
  await page.getByRole('button', { name: 'Stay signed in' }).click();
  await expect(warning).toHaveCount(0);
  await page.clock.fastForward('08:30');
  await expect(warning).toBeVisible();
  await page.clock.fastForward('02:00');
  await expect(page).toHaveURL(/\/sign-in$/);
  await expect(page.getByText('How we may contact you')).toHaveCount(0);
});
