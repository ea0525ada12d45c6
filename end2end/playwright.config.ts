import { defineConfig, type Project } from '@playwright/test';

const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };
const desktop = { viewport: { width: 1280, height: 800 } };

const project = (name: string, use: Project['use'], scripts: boolean): Project => ({
  name: scripts ? name : `${name}-no-script`,
  use: { ...use, javaScriptEnabled: scripts },
  // What only scripts can do is tested with scripts only.
  testIgnore: scripts ? [] : 'hydrated/**',
});

export default defineConfig({
  testDir: '.',
  testMatch: ['journeys/*.spec.ts', 'hydrated/*.spec.ts'],
  globalSetup: './fixtures/global.ts',
  outputDir: 'results/failures',
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 40_000,
  globalTimeout: 10 * 60_000,
  expect: { timeout: 5_000 },
  reporter: [['list'], ['json', { outputFile: 'results/report.json' }]],
  use: {
    actionTimeout: 5_000,
    navigationTimeout: 10_000,
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
    project('phone', phone, true),
    project('phone', phone, false),
    project('desktop', desktop, true),
    project('desktop', desktop, false),
  ],
});
