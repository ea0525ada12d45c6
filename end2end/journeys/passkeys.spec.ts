// A passkey: made with the PIN, used instead of a code and a PIN, removed with one tap. Chromium's own phone in software.
import type { Page } from '@playwright/test';
import { checkPage } from '../fixtures/checks';
import { signIn } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

test.describe('where passkeys can be made', () => {
  // A browser gives passkeys to a name, not to a number.
  test.use({ ownName: true });

  /** A phone that is unlocked by its owner whenever it asks. */
  async function withPhone(page: Page) {
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('WebAuthn.enable');
    const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return { credentials: async () => (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials };
  }

  test('a passkey is made, used and removed', async ({ page, portal, javaScriptEnabled }) => {
    test.skip(!javaScriptEnabled, 'without scripts there are none; see below');
    test.setTimeout(90_000);
    const phone = await withPhone(page);
    const amira = portal.person('Amira');
    await signIn(page, portal, amira);
    await page.getByRole('link', { name: 'Keep it safe' }).click();
    await page.getByRole('link', { name: 'See your passkeys' }).click();
    await expect(page.getByText('You have no passkeys.')).toBeVisible();
    await page.getByRole('link', { name: 'Add a passkey' }).click();
    await expect(page.getByText('This browser cannot make a passkey')).toBeHidden();
    await checkPage(page, 'passkey-new');
    await page.getByLabel('Your PIN').fill('111222');
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect(page.getByRole('alert')).toContainText('The PIN is not right');
    await checkPage(page, 'passkey-new-error');
    await page.getByLabel('Your PIN').fill(amira.pin);
    await page.getByRole('button', { name: 'Continue' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Make the passkey' })).toBeVisible();
    await checkPage(page, 'passkey-make');

    await test.step('a phone whose owner says no makes none, and it can be tried again', async () => {
      await page.evaluate(() => {
        navigator.credentials.create = () => Promise.reject(new DOMException('', 'NotAllowedError'));
      });
      await page.getByRole('button', { name: 'Make the passkey' }).click();
      await expect(page.getByRole('alert')).toContainText('No passkey was made');
      await checkPage(page, 'passkey-make-error');
    });
    await page.getByRole('button', { name: 'Make the passkey' }).click();
    await expect(page.getByText('Your passkey is made.')).toBeVisible();
    await checkPage(page, 'passkeys');
    const [made, ...others] = await phone.credentials();
    expect(others).toEqual([]);
    expect(made).toMatchObject({ isResidentCredential: true, rpId: 'localhost' });

    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.getByRole('link', { name: 'Sign in again' }).click();
    await checkPage(page, 'sign-in-passkey-offered');
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Sign in with a passkey' })).toBeVisible();
    await checkPage(page, 'sign-in-passkey');
    await page.getByRole('button', { name: 'Use my passkey' }).click();
    await expect(page.getByRole('heading', { level: 1, name: 'Hello, Amira' })).toBeVisible();
    expect(portal.inbox.to(amira.email, 'Your code').length, 'no second code').toBe(1);

    await page.goto('/security/passkeys');
    await page.getByRole('button', { name: 'Remove' }).click();
    await expect(page.getByText('You have no passkeys.')).toBeVisible();
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await page.goto('/sign-in');
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('button', { name: 'Use my passkey' }).click();
    await expect(page.getByRole('alert')).toContainText('That did not work. Use a code and your PIN instead.');
    await checkPage(page, 'sign-in-passkey-refused');
    await page.getByRole('link', { name: 'Use a code and your PIN', exact: true }).click();
    await expect(page.getByLabel('Email address or mobile number')).toBeVisible();
  });

  test('without scripts the pages say what there is instead', async ({ page, portal, javaScriptEnabled }) => {
    test.skip(javaScriptEnabled, 'with scripts they can be made; see above');
    await page.goto('/sign-in');
    await expect(page.getByRole('button', { name: 'Continue' })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Sign in with a passkey' })).toBeHidden();
    await signIn(page, portal, portal.person('Amira'));
    await page.goto('/security/passkeys/new');
    await expect(page.getByText('This browser cannot make a passkey, or scripts are switched off.')).toBeVisible();
    await expect(page.getByLabel('Your PIN')).toBeHidden();
    await checkPage(page, 'passkey-new-without-scripts');
  });
});

test('at an address that is not the portal’s own no passkey is offered', async ({ page, portal }) => {
  await page.goto('/sign-in');
  await expect(page.getByRole('button', { name: 'Continue' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Sign in with a passkey' })).toBeHidden();
  await signIn(page, portal, portal.person('Amira'));
  await page.goto('/security/passkeys');
  await expect(page.getByText('You have no passkeys.')).toBeVisible();
});
