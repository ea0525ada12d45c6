// A photo with a message: chosen, refused, sent, saved by the hub, opened and removed by the person.
import { readFileSync } from 'node:fs';
import { type Download, type Page } from '@playwright/test';
import { checkPage, scriptsOn } from '../fixtures/checks';
import { ask, signIn, signInStaff } from '../fixtures/people';
import { expect, test } from '../fixtures/test';

/** Width and height as the browser draws it; it refuses a damaged one. */
async function drawn(page: Page, file: Buffer, type: string): Promise<[number, number]> {
  return page.evaluate(async ([data, kind]) => {
    const image = new Image();
    image.src = `data:${kind};base64,${data}`;
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
  }, [file.toString('base64'), type]);
}

const saved = async (download: Download): Promise<Buffer> => readFileSync(await download.path());

test('a photo is sent with a message, and only its picture arrives', async ({ page, portal, another }) => {
  test.setTimeout(120_000);
  const blank = await another();
  const taken = await blank.screenshot({ type: 'jpeg' });
  const size = blank.viewportSize();
  // What a phone adds: a mark in front, and something behind the end.
  const mark = Buffer.from('GPS 52.19 -2.22');
  const head = Buffer.from([0xff, 0xfe, 0, mark.length + 2]);
  const photo = Buffer.concat([taken.subarray(0, 2), head, mark, taken.subarray(2), Buffer.from('a film')]);

  const amira = portal.people[0];
  await signIn(page, portal, amira);
  const reference = await ask(page);
  await page.goto(`/support/${reference}`);
  await page.getByRole('link', { name: 'Send a photo or a letter' }).click();
  await checkPage(page, 'send-file');
  await page.getByLabel('What is it? (optional)').fill('The letter that I got today');
  await page.getByLabel('Choose a photo or a PDF').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('just words') });
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByRole('alert')).toContainText('We can take a photo (JPEG or PNG) or a PDF');
  await expect(page.getByLabel('What is it? (optional)')).toHaveValue('The letter that I got today');
  await checkPage(page, 'send-file-errors');
  await page.getByLabel('Choose a photo or a PDF').setInputFiles({ name: 'IMG_2033 letter.jpg', mimeType: 'image/jpeg', buffer: photo });
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByText('The letter that I got today')).toBeVisible();
  await expect(page.getByText('With a file: Photo')).toBeVisible();
  await checkPage(page, 'message-with-file');

  const sam = await another();
  await signInStaff(sam, portal.staff[0]);
  await sam.goto(`/hub/requests/${reference}`);
  await checkPage(sam, 'hub-request-with-file');
  const save = sam.waitForEvent('download');
  await sam.getByRole('link', { name: 'Save the file' }).click();
  const download = await save;
  expect(download.suggestedFilename()).toBe('photo.jpg');
  const arrived = await saved(download);
  expect(arrived.includes('GPS') || arrived.includes('a film')).toBe(false);
  if (scriptsOn() && size) {
    expect(await drawn(blank, arrived, 'image/jpeg')).toEqual(await drawn(blank, taken, 'image/jpeg'));
  }

  await page.goto('/files');
  await checkPage(page, 'files');
  const open = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Open' }).click();
  expect(await saved(await open)).toEqual(arrived);
  await page.getByRole('button', { name: 'Remove' }).click();
  await expect(page.getByText('Removed. We cannot see it any more.')).toBeVisible();
  await sam.reload();
  await expect(sam.getByText('The letter that I got today')).toBeVisible();
  await expect(sam.getByRole('link', { name: 'Save the file' })).toHaveCount(0);
});

test('a file is what its bytes are, whatever it is called', async ({ page, portal, another }) => {
  const blank = await another();
  const picture = await blank.screenshot({ type: 'png' });
  await signIn(page, portal, portal.people[0]);
  const reference = await ask(page);
  await page.goto(`/support/${reference}/files`);
  // Called a PDF, and a picture all the same.
  await page.getByLabel('Choose a photo or a PDF').setInputFiles({ name: 'letter.pdf', mimeType: 'application/pdf', buffer: picture });
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.getByText('I sent you a photo.')).toBeVisible();
  await page.goto('/files');
  const open = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Open' }).click();
  const download = await open;
  expect(download.suggestedFilename()).toBe('photo.png');
  if (scriptsOn()) {
    expect(await drawn(blank, await saved(download), 'image/png')).toEqual(await drawn(blank, picture, 'image/png'));
  }
});
