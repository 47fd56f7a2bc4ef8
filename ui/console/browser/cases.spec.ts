import { expect, isAccessible, sorts, test } from './desk'

test('what is to be done is listed and sorted, without what is sealed', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/cases')
  await page.waitForSelector('#cases')
  await sorts(page, '#cases', 'about', 1)
  await expect(page.locator('#case-counts')).toContainText('open')
  await expect(page.locator('main')).not.toContainText(/safeguard|shed/i)
  await isAccessible(page, 'cases')
})

test('what is closed is another list, in another order', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/cases?sort=owner')
  await page.selectOption('#state', 'closed')
  await expect(page.locator('h1')).toHaveText('Closed cases')
  expect(new URL(page.url()).search).toBe('?state=closed')
  await page.selectOption('#state', 'open')
  await expect(page.locator('h1')).toHaveText('Cases')
  expect(new URL(page.url()).search).toBe('')
})
