import { download, expect, isAccessible, test } from './desk'

test('the list can be sorted by any column, and the address holds it', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/visits')
  const rows = page.locator('tr[data-visit]')
  await expect(rows).toHaveCount(3)
  await isAccessible(page, 'visits')
  const visits = () => rows.evaluateAll((found) => found.map((row) => (row as HTMLElement).dataset.visit))
  const newestFirst = await visits()
  await page.click('th[data-column=when] button')
  await page.waitForSelector('th[data-column=when][aria-sort=ascending]')
  expect(await visits()).toEqual(newestFirst.toReversed())
  expect(page.url()).toContain('sort=when')
  await page.click('th[data-column=outcome] button')
  await page.waitForSelector('th[data-column=outcome][aria-sort=ascending]')
  const ended = await rows.evaluateAll((found) => found.map((row) => (row as HTMLElement).dataset.outcome))
  expect(ended).toEqual(ended.toSorted())
  await isAccessible(page, 'visits-sorted')
  await page.click('nav >> text=Visits')
  await page.waitForSelector('th[data-column=when][aria-sort=descending]')
})

test('who finds nothing is told what to do', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/visits?q=nobody-of-that-name')
  await page.waitForSelector('#none')
  await isAccessible(page, 'visits-none')
})

test('the list can be filtered, and its address gives the same view again', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/visits')
  await page.selectOption('#outcome', 'entry_refused')
  await page.click('#filter')
  await expect(page.locator('tr[data-visit]')).toHaveCount(1)
  expect(page.url()).toContain('outcome=entry_refused')
  await page.reload()
  await page.waitForSelector('tr[data-outcome=entry_refused]')
  await expect(page.locator('tr[data-visit]')).toHaveCount(1)
  await page.click('nav >> text=Lawful entries')
  await page.waitForSelector('#none')
  await expect(page.locator('h1')).toHaveText('Lawful entries')
})

test('a filter that can’t be read is told, and the filters stay', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/visits?from=yesterday')
  await page.waitForSelector('.problem')
  await page.click('text=Clear')
  await expect(page.locator('tr[data-visit]')).toHaveCount(3)
})

test('what is shown can be taken away as a table, and tells of no concern', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/visits')
  await page.waitForSelector('tr[data-visit]')
  const visits = await download(page, '#export-visits')
  expect(visits.startsWith('\uFEFFvisit,appointment_ref,uprn'), 'Excel needs the mark to read Иван').toBe(true)
  expect(visits).toContain('Иван Patel')
  expect(visits).toContain("O'Connor")
  expect(visits).not.toMatch(/safeguard|concern|shed/i)
  expect(await download(page, '#export-steps')).toContain(',id_shown,3.2,done,')
})

test('a firm sees, finds and exports its own visits alone', async ({ as }) => {
  const page = await as('vale-super')
  await page.goto('/visits')
  const rows = page.locator('tr[data-visit]')
  await expect(rows).toHaveCount(1)
  await expect(rows).toContainText("O'Connor")
  const others = await page.request.get('/api/visits?organisation=Melton+Borough+Council')
  const found = ((await others.json()) as { visits: { organisation: string }[] }).visits
  expect(found.map((row) => row.organisation)).toEqual(['Vale Property Services Ltd'])
  const { DOORSTEP_OTHERS_VISIT: visit, DOORSTEP_OTHERS_PHOTO: photo } = process.env
  expect((await page.request.get(`/api/visits/${visit}`)).status()).toBe(404)
  expect((await page.request.get(`/api/visits/${visit}/photos/${photo}`)).status()).toBe(404)
  expect(await download(page, '#export-visits')).not.toContain('Иван')
})
