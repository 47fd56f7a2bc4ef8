import { expect, isAccessible, sorts, test } from './desk'

test('people are listed, sorted, leave and come back', async ({ as }) => {
  const page = await as('admin')
  await page.goto('/people')
  const person = page.locator('tr[data-user=vale-4]')
  await person.waitFor()
  await sorts(page, '#people', 'position', 4)
  await sorts(page, '#people', 'name', 1)
  expect(page.url()).toContain('sort=-name')
  await isAccessible(page, 'people')
  await person.locator('button').click()
  await page.click('#left')
  await page.click('#leave')
  await expect(person).toContainText('Left')
  await person.locator('button').click()
  await page.click('#return')
  await expect(person).not.toContainText('Left')
})
