import { expect, isAccessible, signsIn, status, test } from './desk'

test('a wrong password is told, and nobody is let in', async ({ page }) => {
  await page.goto('/')
  await page.waitForSelector('#user')
  await isAccessible(page, 'sign-in')
  await signsIn(page, 'super-1', 'not the password')
  await page.waitForSelector('.govuk-error-summary')
  await isAccessible(page, 'sign-in-wrong')
  expect(await status(page, '/api/visits')).toBe(401)
})

test('who signs in sees the page that they asked for, and nothing after they sign out', async ({ page }) => {
  await page.goto('/visits?outcome=entry_refused')
  await page.fill('#user', 'super-1')
  await page.fill('#password', process.env.DOORSTEP_PASSWORD ?? '')
  await page.click('#sign-in')
  await expect(page.locator('tr[data-visit]')).toHaveCount(1)
  expect(new URL(page.url()).search).toBe('?outcome=entry_refused')
  await page.click('#sign-out')
  await page.waitForSelector('#user')
  expect(await status(page, '/api/visits')).toBe(401)
  await page.goBack()
  await page.waitForSelector('#user')
})

test('signing out leaves nothing of what was typed or shown in the browser', async ({ page, context }) => {
  await signsIn(page, 'super-1')
  await page.waitForSelector('.counts')
  await page.goto('/cases')
  await page.click('tr[data-kind=complaint] a')
  await page.fill('#words', 'She said that her son')
  await page.click('nav >> text=Today')
  await page.waitForSelector('.counts')
  const kept = () => page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]))
  expect(await kept()).toContain('She said that her son')
  const another = await context.newPage()
  await another.goto('/cases')
  await another.waitForSelector('tr[data-kind=complaint]')
  await page.click('#sign-out')
  await another.waitForSelector('#user')
  expect(await another.content(), 'nor in another tab').not.toContain('complaint')
  await page.waitForSelector('#user')
  expect(await kept()).not.toContain('She said')
  await page.goBack()
  await page.waitForSelector('#user')
  expect(await page.content()).not.toContain('complaint')
  expect(await kept()).not.toContain('She said')
})

test('a session that ended elsewhere leads to the sign-in, and then back to the page', async ({ page }) => {
  await signsIn(page, 'super-1')
  await page.waitForSelector('.counts')
  await page.request.delete('/api/session', { headers: { 'x-doorstep': '1' } })
  await page.click('nav >> text=Visits')
  await page.waitForSelector('#user')
  await page.fill('#user', 'super-1')
  await page.fill('#password', process.env.DOORSTEP_PASSWORD ?? '')
  await page.click('#sign-in')
  await page.waitForSelector('tr[data-visit]')
})

test('who has a phone and no desk is not let in', async ({ page }) => {
  await signsIn(page, 'melton-2')
  await page.waitForSelector('.govuk-error-summary')
  for (const path of [
    'session',
    'today',
    'visits',
    'organisations',
    'exports/visits.csv',
    'exports/steps.csv',
    'concerns',
    'acknowledgements',
    'codes',
    'safeguarding',
    'audit',
    'exports/dictionary',
    'exports/audit.csv',
    'cases'
  ]) {
    expect(await status(page, `/api/${path}`), path).toBe(401)
  }
})

test('a session that ends while somebody writes loses nothing of what they wrote', async ({ page }) => {
  await signsIn(page, 'super-1')
  await page.waitForSelector('.counts')
  await page.goto('/cases')
  await page.click('tr[data-kind=complaint] a')
  await page.fill('#words', 'Rang twice, no answer')
  await page.request.delete('/api/session', { headers: { 'x-doorstep': '1' } })
  await page.click('#note')
  await page.waitForSelector('#session-over')
  await expect(page.locator('nav'), 'nothing of the page is shown meanwhile').toBeHidden()
  await page.fill('#user', 'super-1')
  await page.fill('#password', process.env.DOORSTEP_PASSWORD ?? '')
  await page.click('#sign-in')
  await expect(page.locator('#words')).toBeVisible()
  await expect(page.locator('#words')).toHaveValue('Rang twice, no answer')

  // The next person who signs in, in the same window, sees nothing of it.
  await page.click('nav >> text=Today')
  await page.waitForSelector('.counts')
  await page.click('#sign-out')
  await page.fill('#user', 'audit-1')
  await page.fill('#password', process.env.DOORSTEP_PASSWORD ?? '')
  await page.click('#sign-in')
  await page.waitForSelector('#sign-out')
  await page.goBack()
  await page.goBack()
  await page.waitForSelector('h1')
  await expect(page.locator('body')).not.toContainText('Rang twice')
  expect(
    await page.locator('#words').evaluateAll((boxes) => boxes.map((box) => (box as HTMLTextAreaElement).value))
  ).not.toContain('Rang twice, no answer')
})
