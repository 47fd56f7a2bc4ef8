import { expect, isAccessible, test } from './desk'

test('homes without access say which attempts count', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/no-access')
  await page.waitForSelector('[data-uprn]')
  await expect(page.locator('main')).toContainText('To be decided')
  await expect(page.locator('main')).toContainText('1 of 3 attempts before the next letter')
  await isAccessible(page, 'no-access')
  await page.selectOption('#sort', 'where')
  await expect.poll(() => page.url()).toContain('sort=where')
  await page.waitForSelector('[data-uprn]')
})
