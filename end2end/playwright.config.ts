import { defineConfig, type Project } from '@playwright/test';

const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const desktop = { viewport: { width: 1280, height: 800 } };

/** What only scripts can do is tested with scripts only: for persons on a phone, for staff on a desktop. */
const project = (name: string, use: Project['use'], scripts: boolean, leaveOut: string[]): Project => ({
  name: scripts ? name : `${name}-no-script`,
  use: { ...use, javaScriptEnabled: scripts },
  testIgnore: leaveOut,
});

export default defineConfig({
  testDir: '.',
  testMatch: ['journeys/*.spec.ts', 'hydrated/*.spec.ts'],
  globalSetup: './fixtures/global.ts',
  outputDir: 'results/failures',
  fullyParallel: true,
  workers: 2,
  // On CI a second try, reported as flaky: a busy machine's browser fails now and then, a broken portal twice.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 60_000,
  globalTimeout: 10 * 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list'], ['json', { outputFile: 'results/report.json' }]],
  use: {
    actionTimeout: 10_000,
    navigationTimeout: 15_000,
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync',
      ],
    },
  },
  projects: [
    project('phone', phone, true, ['hydrated/hub-*']),
    project('phone', phone, false, ['hydrated/**']),
    project('desktop', desktop, true, ['hydrated/person-*']),
    project('desktop', desktop, false, ['hydrated/**']),
  ],
});
