import { expect, isAccessible, sorts, test } from './desk'

const HEADER =
  'appointment_ref,uprn,address_line_1,address_line_2,town,postcode,tenant_name,tenant_phone,visit_kind,purpose,window_start,window_end,organisation,assigned_to,notice_given_at,notice_method,told_who_and_why,support_needs,hazard_note'

/** A table of appointments, by its rows. */
const table = (...rows: string[]) => ({
  name: 'table.csv',
  mimeType: 'text/csv',
  buffer: Buffer.from([HEADER, ...rows].join('\n'))
})

const good = (ref: string) =>
  `${ref},532979068556,4 Eyebrook Rise,,Melton Mowbray,LE13 9ZR,Kwame Null,,inspection,Damp in the hall,2027-02-01T12:00,2027-02-01T13:00,Melton Borough Council,melton-2,2027-01-20T12:00,letter,yes,,`

test('a table is looked at before it is taken in, and what was taken in can be changed', async ({ as }) => {
  const page = await as('super-1')
  await page.goto('/appointments')
  await page.waitForSelector('#appointments')
  await sorts(page, '#appointments', 'where', 2)
  expect(page.url()).toContain('sort=-where')
  await isAccessible(page, 'appointments')
  const ref = 'DESK-1'
  await page.click('#take-in')
  await page.setInputFiles('#table', table(good(ref), good(`${ref}-2`).replace('2027-02-01T13:00', 'noon')))
  await page.waitForSelector('#faults')
  await expect(page.locator('#preview')).toContainText('1 good row: 1 to add')
  await expect(page.locator('#preview')).toContainText('1 fault')
  await expect(page.locator('#faults')).toContainText('window_end')
  await expect(page.locator('#faults')).toContainText('noon')
  await isAccessible(page, 'appointments-faults')
  const looked = (await (await page.request.get(`/api/appointments?q=${ref}`)).json()) as {
    appointments: unknown[]
  }
  expect(looked.appointments, 'a look takes nothing in').toEqual([])
  await page.click('#take-good')
  await page.waitForSelector('#taken')
  await page.fill('#q', ref)
  await page.click('#filter')
  const row = page.locator(`tr[data-ref=${ref}]`)
  await expect(page.locator('tr[data-ref]'), 'of the other row, half would have been taken').toHaveCount(1)
  await row.locator('button').click()
  await page.selectOption('#visitor', 'vale-1')
  await isAccessible(page, 'appointment-change')
  await page.click('#reassign')
  await expect(row).toContainText('Pete Marlow')
  await row.locator('button').click()
  await page.fill('#because', 'The tenant moved out')
  await page.click('#call-off')
  await expect(row).toContainText('Called off')
})
