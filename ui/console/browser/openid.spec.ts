// Signing in with the council's own accounts, with a provider that is certified for OpenID Connect.
import type { Browser, Page } from '@playwright/test'
import { expect, isAccessible, status, test } from './desk'

const { DOORSTEP_CONSOLE: address = '', DOORSTEP_PROVIDER: provider = '' } = process.env

/** Signs somebody in at the provider, in a new browser. Returns the page that they come back to. */
async function comesBack(browser: Browser, account: string, from = '/'): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  await page.goto(address + from)
  await page.click('text=Sign in with a Melton account')
  await page.fill('input[name=login]', account)
  await page.fill('input[name=password]', 'any')
  await page.click('button[type=submit]')
  await page.click('button[type=submit]')
  await page.waitForURL(`${address}/**`)
  return page
}

/** Changes the e-mail address that the provider gives for an account. */
async function isCalled(account: string, email: string) {
  await fetch(`${provider}/accounts/${account}`, { method: 'PUT', body: email })
}

test('whom the provider vouches for is let in, and is the same person under another address', async ({ browser }) => {
  const page = await comesBack(browser, 'ruth')
  await page.waitForSelector('text=Ruth Adeyemi')
  const cookies = await page.context().cookies()
  const session = cookies.find((cookie) => cookie.name === 'doorstep_session')
  expect(session).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
  expect(cookies.map((cookie) => cookie.name)).not.toContain('doorstep_openid')

  // With another e-mail address at the provider they are still the same person.
  await isCalled('ruth', 'super-1@council.example')
  const again = await comesBack(browser, 'ruth', '/visits?q=Oakham+Road')
  await again.waitForSelector('text=Ruth Adeyemi')
  expect(again.url(), 'where they were').toBe(`${address}/visits?q=Oakham+Road`)
  await isCalled('ruth', 'lead-1@council.example')

  await page.click('.head-who')
  await page.waitForSelector('h1:has-text("Where you are signed in")')
  await page.waitForSelector('tbody tr >> nth=1')
  await isAccessible(page, 'sign-ins')
  await page.click('text=End the session in Chrome on Linux')
  await page.waitForSelector('#done')
  await expect(page.locator('tbody tr')).toHaveCount(1)
})

for (const [account, why] of [
  ['joan', 'whose address the provider did not verify'],
  ['harriet', 'who has no desk'],
  ['stranger', 'whom the council does not know']
] as const) {
  test(`somebody ${why} is not let in`, async ({ browser }) => {
    const page = await comesBack(browser, account)
    await page.waitForSelector('text=Doorstep does not know it')
    expect(await status(page, `${address}/api/visits`)).toBe(401)
    await isAccessible(page, `openid-not-known-${account}`)
  })
}

test('what another browser was given is worth nothing in this one', async ({ page }) => {
  await page.goto('/api/sign-in/openid/back?code=stolen&state=stolen')
  await page.waitForSelector('text=Signing in was broken off')
  await isAccessible(page, 'openid-sign-in')
})
