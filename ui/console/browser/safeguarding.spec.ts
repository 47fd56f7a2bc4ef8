import { expect, isAccessible, test } from './desk'

test('a lead reads a note, and that it was read stands beside it', async ({ as }) => {
  const page = await as('lead-1')
  await page.goto('/safeguarding')
  await page.waitForSelector('.note')
  await expect(page.locator('main'), 'no note is open before anybody asks').not.toContainText('shed')
  await page.locator('.note button').first().click()
  await expect(page.locator('.note-text').first()).toHaveText('The boy said he sleeps in the shed.')
  await expect(page.locator('[data-read]').first()).toContainText('Read by lead-1')
  await isAccessible(page, 'safeguarding')
})
