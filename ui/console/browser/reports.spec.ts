import { download, expect, isAccessible, picture, test } from './desk'

test('each picture answers one question, and its numbers can be taken away', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/reports')
  await page.waitForSelector('#id_shown canvas')
  await expect(page.locator('#id_shown')).toContainText('ID shown at 50 % of the doors that opened')
  await expect(page.locator('#outcomes_by_day')).toContainText('33 % of 3 visits were completed')
  expect(await download(page, '#refusals_by_reason a[download]')).toContain('refusals_by_reason,,other,1')
  await isAccessible(page, 'reports')
  await page.locator('#id_shown').scrollIntoViewIfNeeded()
  await picture(page, 'reports-lower')
})
