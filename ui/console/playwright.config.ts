// The console in Chromium, against a council that the end-to-end tests start. They pass its address
// and what the tests need to know in environment variables.
import { defineConfig } from '@playwright/test'

export default defineConfig({
  testDir: 'browser',
  outputDir: '../../target/playwright',
  // All tests share one council and some change what the next one sees, so run them one by one.
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
