import { download, expect, isAccessible, picture, test } from './desk'

test('each picture answers one question, and its numbers can be taken away', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/reports')
  await page.waitForSelector('#id_shown canvas')
  await expect(page.locator('#id_shown')).toContainText('ID shown at 50 % of the doors that opened')
  await expect(page.locator('#outcomes_by_day')).toContainText('33 % of 3 visits were completed')
  expect(await download(page, '#refusals_by_reason a[download]')).toContain('refusals_by_reason,,other,1')
  await isAccessible(page, 'reports')

  // The labels must stay readable when the device goes from light to dark while the page is open.
  const drawn = () => page.locator('#id_shown canvas').evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL())
  const light = await drawn()
  await page.emulateMedia({ colorScheme: 'dark' })
  await expect.poll(drawn).not.toBe(light)
  await picture(page, 'reports-after-sunset')
  await page.locator('#id_shown').scrollIntoViewIfNeeded()
  await picture(page, 'reports-lower')
})
