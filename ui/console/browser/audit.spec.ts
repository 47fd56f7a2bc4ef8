import { expect, isAccessible, test } from './desk'

test('the log tells who did what, can be turned round and filtered, and tells of no note', async ({
  as,
  playwright,
  baseURL
}) => {
  const { DOORSTEP_OTHERS_VISIT: visit, DOORSTEP_OTHERS_PHOTO: photo } = process.env
  const supervisor = await playwright.request.newContext({
    ...(baseURL ? { baseURL } : {}),
    extraHTTPHeaders: { 'x-doorstep': '1' }
  })
  await supervisor.post('/api/session', {
    data: { user: 'super-1', password: process.env.DOORSTEP_PASSWORD, code: null }
  })
  expect((await supervisor.get('/api/exports/visits.csv')).ok()).toBe(true)
  expect((await supervisor.get(`/api/visits/${visit}/photos/${photo}`)).ok()).toBe(true)

  const page = await as('audit-1')
  await page.goto('/audit')
  await page.waitForSelector('#audit')
  const log = page.locator('main')
  await expect(log).toContainText('Took a table away')
  await expect(log).toContainText('Opened a photo')
  await expect(log).not.toContainText(/safeguarding(?![ _]lead)/i)
  await isAccessible(page, 'audit')
  await page.click('th[data-column=when] button')
  await page.waitForSelector('th[data-column=when][aria-sort=ascending]')
  const first = page.locator('tr[data-action]').first()
  await expect(first).toHaveAttribute('data-action', 'council_made')
  await page.selectOption('#action', 'photo_opened')
  await page.click('#filter')
  await expect(first).toHaveAttribute('data-action', 'photo_opened')
  await expect(page.locator('tr[data-action]:not([data-action=photo_opened])')).toHaveCount(0)
  expect(page.url()).toContain('action=photo_opened')
  await page.click('text=Export these lines')
  await page.waitForSelector('#dictionary')
  await expect(page.locator('#action'), 'what is taken away is what was shown').toHaveValue('photo_opened')
  const table = await (await page.request.get('/api/exports/audit.jsonl')).text()
  expect(table).toContain('"action":"exported"')
  expect(table).not.toMatch(/safeguarding(?![ _]lead)/i)
})
