import { expect, isAccessible, test } from './desk'

test('the day is told, with what was set aside, and with nothing of safeguarding', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/')
  await page.waitForSelector('.counts')
  await expect(page.locator('#set-aside')).toContainText('a phone that was lost, or whose person has left')
  await isAccessible(page, 'today')
  await expect(page.locator('body')).not.toContainText(/safeguard/i)
})
