// Pictures of the console for `cargo xtask run`.
import { chromium } from '@playwright/test'

const { DOORSTEP_CONSOLE: address, DOORSTEP_PASSWORD: password, DOORSTEP_PICTURES: folder } = process.env
const colorScheme = process.env.DOORSTEP_SCHEME ?? 'light'
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync']
})
const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme })
const picture = (name) => page.screenshot({ path: `${folder}/console-${name}-${colorScheme}.png` })
await page.goto(address)
await page.fill('#user', 'super-1')
await page.fill('#password', password)
await page.click('#sign-in')
await page.waitForSelector('.counts')
await picture('1-today')
await page.click('nav >> text=Visits')
await page.waitForSelector('tr[data-visit]')
await picture('2-visits')
await page.click('tr[data-outcome=completed] a')
await page.waitForSelector('.timeline')
await picture('3-visit')
await browser.close()
