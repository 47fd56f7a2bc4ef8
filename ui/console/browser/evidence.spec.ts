import { expect, isAccessible, picture, pictureAt, test } from './desk'

test('an evidence pack tells of one home, and prints without the menu', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/no-access')
  await page.click('[data-uprn]:has-text("Counts") >> text=Evidence pack')
  await page.waitForSelector('.exhibit')
  for (const words of ['Attempt 1', 'Attempts that count', 'solicitor']) {
    await expect(page.locator('#pack')).toContainText(words)
  }
  await isAccessible(page, 'evidence')
  await page.emulateMedia({ media: 'print' })
  await expect(page.locator('nav')).toBeHidden()
  await expect(page.locator('#print')).toBeHidden()
  await picture(page, 'evidence-print', true)
  const pdf = await page.pdf({ path: pictureAt('evidence.pdf'), format: 'A4', tagged: true })
  expect(pdf.includes('/StructTreeRoot'), 'a screen reader reads the PDF').toBe(true)
})
