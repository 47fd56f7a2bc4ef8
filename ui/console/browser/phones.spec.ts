import { expect, isAccessible, test } from './desk'

test('a code for a phone is shown once it is asked for', async ({ as }) => {
  const page = await as('admin')
  await page.goto('/phones')
  await page.waitForSelector('#phones')
  await page.selectOption('#user', 'melton-4')
  await page.click('#offer')
  const image = page.locator('#offered img')
  await expect.poll(() => image.evaluate((shown) => (shown as HTMLImageElement).naturalWidth)).toBeGreaterThan(0)
  await isAccessible(page, 'devices')
})
