// The console in Chromium, against a council that the end-to-end tests start. Where it is, and what
// is known of it, comes by the environment.
import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: 'browser',
  outputDir: '../../target/playwright',
  // One council, one story after the other: some of them change what the next one sees.
  workers: 1,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  forbidOnly: true,
  projects: [
    { name: 'pages', testIgnore: ['openid.spec.ts', 'second-factor.spec.ts'] },
    { name: 'second-factor', testMatch: 'second-factor.spec.ts' },
    { name: 'openid', testMatch: 'openid.spec.ts' }
  ],
  use: {
    baseURL: process.env.DOORSTEP_CONSOLE ?? '',
    viewport: { width: 1280, height: 900 },
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync']
    }
  }
})
