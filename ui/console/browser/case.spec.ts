import { SCHEMES, expect, isAccessible, test } from './desk'

for (const colorScheme of SCHEMES) {
  test.describe(colorScheme, () => {
    test.use({ colorScheme })

    test('a case says what is due, and why, and takes no step without a word', async ({ as }) => {
      const page = await as('super-1')
      await page.goto('/cases')
      await page.click('tr[data-kind=complaint] a')
      await expect(page.locator('#due')).toContainText(', by')
      await expect(page.locator('main')).toContainText('The gate was left open')
      await expect(page.locator('[data-step]').first()).toBeDisabled()
      await page.fill('#words', 'Rang the tenant and said sorry')
      await isAccessible(page, `case-${colorScheme}`)
    })
  })
}

test('a case is given to somebody, worked through, closed and opened again', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/cases')
  await page.click('tr[data-kind=complaint] a')
  // The list has an owner to choose too.
  await page.waitForSelector('#due')
  await page.selectOption('#owner', 'super-1')
  await page.click('#assign')
  await expect(page.locator('#case-owner')).toContainText('Joan Pickering')
  await expect(page.locator('#due')).toContainText('Acknowledge, by')
  await page.fill('#words', 'Rang the tenant and said sorry')
  await page.click('[data-step=acknowledge]')
  await expect(page.locator('#due')).toContainText('Answer, by')
  await expect(page.locator('#words'), 'what was said is said').toHaveValue('')
  await page.fill('#words', 'The gate is mended')
  await page.selectOption('#outcome', 'upheld')
  await page.click('#close')
  await page.waitForSelector('#closed')
  await page.fill('#words', 'Closed too early')
  await page.click('#reopen')
  await page.waitForSelector('#close')
  await expect(page.locator('#case-log')).toContainText('Closed too early')
  await isAccessible(page, 'case-reopened')
})
