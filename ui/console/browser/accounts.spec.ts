import type { Browser, Page } from '@playwright/test'
import { expect, isAccessible, password, signsIn, test } from './desk'

const HEADER = 'user,display_name,organisation,organisation_kind,role,position,email'

/** A page in a browser of somebody else’s. */
async function anotherBrowser(browser: Browser): Promise<Page> {
  return (await browser.newContext({ baseURL: process.env.DOORSTEP_CONSOLE ?? '' })).newPage()
}

test('a role at a desk waits for an administrator, and a lead’s account for somebody else', async ({
  as,
  page,
  browser
}) => {
  await as('admin')
  await page.goto('/people')
  await page.click('summary')
  const rows = [
    'super-7,Nadia Haq,Melton Borough Council,council,supervisor,Manager,super-7@council.example',
    'melton-4,Tom Whitelaw,Melton Borough Council,council,safeguarding_lead,Lead,melton-4@council.example'
  ]
  await page.setInputFiles('#table', {
    name: 'people.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from([HEADER, ...rows].join('\n'))
  })
  await expect(page.locator('#taken')).toContainText('0 added, 1 updated')
  await page.click('#taken a')
  const supervisor = page.locator('[data-change=super-7]')
  await expect(supervisor).toContainText('Now: not known')
  await isAccessible(page, 'accounts')
  await page.setViewportSize({ width: 320, height: 568 })
  await isAccessible(page, 'accounts-narrow')
  await page.setViewportSize({ width: 1280, height: 900 })

  // Before it is done, the person at the desk proves once more who they are.
  await page.route('**/api/accounts/*', (route) =>
    route.fulfill({ status: 403, json: { code: 'prove-again', title: 'Prove again who you are.' } })
  )
  await supervisor.locator('[data-agree]').click()
  await expect(page.locator('#prove')).toBeVisible()
  await isAccessible(page, 'prove-again')
  await page.fill('#prove-password', 'not the right one')
  await page.click('#prove-send')
  await expect(page.locator('#prove')).toContainText('That is not your password')
  await page.unroute('**/api/accounts/*')
  await page.fill('#prove-password', password)
  await page.click('#prove-send')
  await expect(page.locator('#prove')).toBeHidden()
  await expect(page.locator('#done')).toContainText('Nadia Haq')
  await expect(supervisor).toHaveCount(0)

  // Whoever says "Not now" has done nothing.
  await page.route('**/api/accounts/*', (route) =>
    route.fulfill({ status: 403, json: { code: 'prove-again', title: 'Prove again who you are.' } })
  )
  const lead = page.locator('[data-change=melton-4]')
  await lead.locator('[data-agree]').click()
  await expect(page.locator('#prove')).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(page.locator('#prove')).toBeHidden()
  await expect(page.locator('#problem')).toContainText('Nothing was changed')
  await page.unroute('**/api/accounts/*')
  await lead.locator('[data-agree]').click()
  await expect(page.locator('#done')).toContainText('waits for another person')
  await expect(lead.locator('[data-agree]')).toHaveCount(0)
  const theirs = await anotherBrowser(browser)
  await signsIn(theirs, 'lead-1')
  await theirs.waitForSelector('#sign-out')
  await theirs.goto('/accounts')
  await theirs.locator('[data-change=melton-4] [data-refuse]').click()
  await expect(theirs.locator('#done')).toContainText('stays as it was')
  await expect(theirs.locator('#none')).toBeVisible()
  await theirs.goto('/safeguarding/log')
  await expect(theirs.locator('#holds')).toBeVisible()
  await expect(theirs.locator('#leads-log')).toContainText('lead-1 refused another role, organisation or email address')
  await isAccessible(theirs, 'leads-log')
  await theirs.context().close()
})

test('a password that was given is changed before anything else', async ({ as, page, browser }) => {
  await as('admin')
  await page.goto('/people?q=super-7')
  const person = page.locator('tr[data-user=super-7]')
  await person.locator('button').click()
  await page.click('#set-password')
  await expect(page.locator('#done')).toContainText('choose their own')
  const first = await page.locator('#given').innerText()
  // From now on they have one to lose: only a second tap takes it from them.
  await person.locator('button').click()
  await page.click('#set-password')
  await isAccessible(page, 'password-asked-twice')
  await page.click('text=Leave theirs as it is')
  await expect(page.locator('#given'), 'nothing was done').toHaveText(first)
  await page.click('#set-password')
  await page.click('#set-password-surely')
  await expect(page.locator('#given')).not.toHaveText(first)
  const given = await page.locator('#given').innerText()
  await isAccessible(page, 'password-given')
  const theirs = await anotherBrowser(browser)
  await signsIn(theirs, 'super-7', given)
  await theirs.waitForSelector('#own-password')
  await isAccessible(theirs, 'own-password')
  await theirs.fill('#own-password', 'Nadia Haq 2026')
  await theirs.click('#sign-in')
  await theirs.waitForSelector('text=easy to guess')
  await theirs.fill('#own-password', given)
  await theirs.click('#sign-in')
  await theirs.waitForSelector('text=that you have now')
  await theirs.fill('#own-password', 'nine quiet ferns at dusk')
  await theirs.click('#sign-in')
  await theirs.waitForSelector('#sign-out')
  await theirs.context().close()
})
