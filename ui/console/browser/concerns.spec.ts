import { expect, isAccessible, test } from './desk'

test('concerns are listed with their clause, and none that is sealed', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/concerns')
  await page.waitForSelector('[data-kind=breach]')
  const list = page.locator('main')
  await expect(list).toContainText('The gate was left open')
  await expect(list).toContainText('clause 8.1')
  await expect(list).not.toContainText(/safeguard|shed/i)
  await isAccessible(page, 'concerns')
  await page.selectOption('#kind', 'gift')
  await page.waitForSelector('text=There are none')
  expect(page.url()).toContain('kind=gift')
})

test('a firm sees no breach of its own people, and exports none', async ({ as }) => {
  const page = await as('vale-super')
  await page.goto('/concerns')
  await page.waitForSelector('[data-kind=complaint]')
  await expect(page.locator('[data-kind=breach]')).toHaveCount(0)
  const table = await (await page.request.get('/api/exports/concerns.csv')).text()
  expect(table).toContain('The gate was left open')
  expect(table).not.toContain('rude')
})
