// The console in Chromium, as a supervisor, a firm's supervisor and a safeguarding lead use it. Started by the end-to-end
// tests with the address of a running council; anything that is not as it should be is thrown.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { chromium } from 'playwright-core'

const address = process.env.DOORSTEP_CONSOLE
const password = process.env.DOORSTEP_PASSWORD
const pictures = process.env.DOORSTEP_PICTURES
assert(address && password && pictures, 'the end-to-end tests start this')
mkdirSync(pictures, { recursive: true })
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync']
})

/** A person at a desk: a page of their own, in which no script may complain. */
async function person(colorScheme) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    colorScheme,
    acceptDownloads: true
  })
  const page = await context.newPage()
  page.on('pageerror', (error) => assert.fail(`a script failed: ${error}`))
  page.on('console', (message) => {
    // A refused sign-in is an answer, and the browser logs every one of those.
    if (message.type() === 'error' && !/status of 4(0[134]|22)/.test(message.text())) assert.fail(message.text())
  })
  return page
}

async function isAccessible(page, name) {
  await page.screenshot({ path: `${pictures}/${name}.png` })
  // The page's own policy forbids strange scripts, so axe comes in by the debugger's door.
  await page.evaluate(axe)
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
  )
  const violations = found.violations.map(
    (v) => `${v.id}: ${v.nodes.map((n) => `${n.html} ${n.failureSummary}`).join(' | ')}`
  )
  assert.deepEqual(violations, [], name)
}

async function signIn(page, user, word = password) {
  await page.goto(address)
  await page.fill('#user', user)
  await page.fill('#password', word)
  await page.click('#sign-in')
}

/** A table as the browser downloads it. */
async function download(page, button) {
  const [file] = await Promise.all([page.waitForEvent('download'), page.click(button)])
  return readFileSync(await file.path(), 'utf8')
}

async function asSupervisor(colorScheme) {
  const page = await person(colorScheme)
  await page.goto(address)
  await page.waitForSelector('#user')
  await isAccessible(page, `sign-in-${colorScheme}`)
  await signIn(page, 'super-1', 'not the password')
  await page.waitForSelector('.govuk-error-summary')
  await isAccessible(page, `sign-in-wrong-${colorScheme}`)
  await signIn(page, 'super-1')
  await page.waitForSelector('.counts')
  assert((await page.textContent('#set-aside')).includes('two histories of one phone'), 'a fork is not shown')
  await isAccessible(page, `today-${colorScheme}`)
  assert(!/safeguard/i.test(await page.textContent('body')), 'a supervisor sees that there is a safeguarding page')

  await page.click('nav >> text=Visits')
  await page.waitForSelector('tr[data-visit]')
  await isAccessible(page, `visits-${colorScheme}`)
  assert.equal(await page.locator('tr[data-visit]').count(), 3)

  const when = () => page.locator('tr[data-visit]').evaluateAll((rows) => rows.map((row) => row.dataset.visit))
  const newestFirst = await when()
  const sortsBy = (column) => page.click(`th[data-column=${column}] button`)
  await sortsBy('when')
  await page.waitForSelector('th[aria-sort=ascending]')
  assert.deepEqual(await when(), newestFirst.toReversed(), 'the oldest come first')
  assert(page.url().includes('sort=when'), 'the address holds the order')
  await sortsBy('outcome')
  await page.waitForSelector('th[data-column=outcome][aria-sort=ascending]')
  const ended = await page.locator('tr[data-visit]').evaluateAll((rows) => rows.map((row) => row.dataset.outcome))
  assert.deepEqual(ended, ended.toSorted(), 'the rows are sorted by what came of them')
  await isAccessible(page, `visits-sorted-${colorScheme}`)
  await page.click('nav >> text=Visits')
  await page.waitForSelector('th[data-column=when][aria-sort=descending]')

  const visits = await download(page, '#export-visits')
  assert(visits.startsWith('\uFEFFvisit,appointment_ref,uprn'), 'Excel needs the mark to read Иван')
  assert(visits.includes('Иван Patel') && visits.includes("O'Connor"), visits)
  assert(!/safeguard|concern|shed/i.test(visits), 'the export tells of a concern')
  assert((await download(page, '#export-steps')).includes(',id_shown,3.2,done,'))

  await page.click('nav >> text=Lawful entries')
  await page.waitForSelector('#none')
  assert.equal(await page.textContent('h1'), 'Lawful entries')
  await page.click('nav >> text=Visits')
  await page.waitForSelector('tr[data-visit]')
  await page.selectOption('#outcome', 'entry_refused')
  await page.click('#filter')
  await page.waitForFunction(() => document.querySelectorAll('tr[data-visit]').length === 1)
  assert(page.url().includes('outcome=entry_refused'), 'the address holds the filter')
  await page.reload()
  await page.waitForSelector('tr[data-outcome=entry_refused]')
  assert.equal(await page.locator('tr[data-visit]').count(), 1, 'the address gives the same view again')

  await page.goto(`${address}/visits?q=${encodeURIComponent('Иван')}`)
  await page.click('tr[data-visit] a')
  await page.waitForSelector('.timeline')
  const story = await page.textContent('main')
  for (const line of ['ID shown', 'Went in. The tenant said yes', 'Left: completed', 'clause 3.1']) {
    assert(story.includes(line), `the timeline does not say ${line}: ${story}`)
  }
  assert(!/safeguard|concern|shed/i.test(story), 'the timeline tells of a concern')
  assert((await page.textContent('#photos-held')).includes('All 2 photos held'))
  assert.equal(await page.locator('.photos img').count(), 0, 'a photo opens by itself')
  await page.click('[data-photo=before] button')
  await page.waitForFunction(() => document.querySelector('[data-photo=before] img')?.naturalWidth === 600)
  await isAccessible(page, `visit-${colorScheme}`)

  await page.click('nav >> text=Concerns')
  await page.waitForSelector('[data-kind=breach]')
  const concerns = await page.textContent('main')
  assert(concerns.includes('The gate was left open') && concerns.includes('clause 8.1'), concerns)
  assert(!/safeguard|shed/i.test(concerns.replaceAll('Concerns', '')), 'the list tells of a sealed concern')
  await isAccessible(page, `concerns-${colorScheme}`)
  await page.selectOption('#kind', 'gift')
  await page.waitForSelector('text=There are none')
  assert(page.url().includes('kind=gift'), 'the address holds the filter')
  await page.click('nav >> text=Cases')
  await page.waitForSelector('#cases')
  await sorts(page, '#cases', 'about', 1)
  assert((await page.textContent('#case-counts')).includes('open'))
  assert(!/safeguard|shed/i.test(await page.textContent('main')), 'the cases tell of a sealed concern')
  await isAccessible(page, `cases-${colorScheme}`)
  await page.click('tr[data-kind=complaint] a')
  await page.waitForSelector('#due')
  assert((await page.textContent('#due')).includes('Acknowledge, by'), 'the deadline is not in words')
  assert((await page.textContent('main')).includes('The gate was left open'))
  assert(await page.isDisabled('[data-step=acknowledge]'), 'a step is done without a word')
  await page.fill('#words', 'Rang the tenant and said sorry')
  await isAccessible(page, `case-${colorScheme}`)
  if (colorScheme === 'light') {
    await page.selectOption('#owner', 'super-1')
    await page.click('#assign')
    await page.waitForFunction(() => document.querySelector('#case-owner').textContent.includes('Joan Pickering'))
    await page.fill('#words', 'Rang the tenant and said sorry')
    await page.click('[data-step=acknowledge]')
    await page.waitForFunction(() => document.querySelector('#due').textContent.includes('Answer, by'))
    await page.fill('#words', 'The gate is mended')
    await page.selectOption('#outcome', 'upheld')
    await page.click('#close')
    await page.waitForSelector('#closed')
    await page.fill('#words', 'Closed too early')
    await page.click('#reopen')
    await page.waitForSelector('#close')
    await isAccessible(page, 'case-reopened')
  }
  await page.click('nav >> text=Acknowledgements')
  await page.waitForSelector('#signed')
  assert((await page.textContent('main')).includes('no Code of its own yet'), 'the words that bind are not named')
  await isAccessible(page, `acknowledgements-${colorScheme}`)
  await page.click('nav >> text=Code versions')
  await page.waitForSelector('h1')
  await isAccessible(page, `code-${colorScheme}`)
  const refused = await page.evaluate(async () => {
    const body = JSON.stringify({ label: 'x', from: '2025-01-01', text: '1. One\nTwo' })
    const headers = { 'content-type': 'application/json', 'x-doorstep': '1' }
    return (await fetch('/api/codes', { method: 'POST', headers, body })).status
  })
  assert.equal(refused, 404, 'a supervisor publishes a Code')

  await page.click('nav >> text=No access')
  await page.waitForSelector('[data-uprn]')
  const homes = await page.textContent('main')
  assert(homes.includes('To be decided') && homes.includes('1 of 3 attempts before the next letter'), homes)
  await isAccessible(page, `no-access-${colorScheme}`)
  await page.click('[data-uprn]:has-text("Counts") >> text=Evidence pack')
  await page.waitForSelector('.exhibit')
  const pack = await page.textContent('#pack')
  assert(pack.includes('Attempt 1') && pack.includes('Attempts that count') && pack.includes('solicitor'), pack)
  await isAccessible(page, `evidence-${colorScheme}`)
  await page.emulateMedia({ media: 'print' })
  assert(!(await page.isVisible('nav')) && !(await page.isVisible('#print')), 'the menu is printed')
  await page.screenshot({ path: `${pictures}/evidence-print-${colorScheme}.png`, fullPage: true })
  const pdf = await page.pdf({ path: `${pictures}/evidence-${colorScheme}.pdf`, format: 'A4', tagged: true })
  assert(pdf.includes('/StructTreeRoot'), 'a screen reader can’t read the PDF')
  await page.emulateMedia({ media: null })
  await page.click('nav >> text=Reports')
  await page.waitForSelector('#id_shown canvas')
  const report = await page.textContent('#id_shown')
  assert(report.includes('ID shown at 50 % of the doors that opened'), report)
  assert((await page.textContent('#outcomes_by_day')).includes('33 % of 3 visits were completed'))
  assert((await download(page, '#refusals_by_reason a[download]')).includes('refusals_by_reason,,other,1'))
  await isAccessible(page, `reports-${colorScheme}`)
  await page.locator('#id_shown').scrollIntoViewIfNeeded()
  await page.screenshot({ path: `${pictures}/reports-lower-${colorScheme}.png` })
  await page.click('nav >> text=Exports')
  await page.waitForSelector('#dictionary')
  assert.equal(await page.locator('#table option[value=audit]').count(), 0, 'a supervisor exports the audit log')
  await page.selectOption('#table', 'no-access')
  await page.waitForFunction(() => document.querySelector('#dictionary').textContent.includes('counts_in_court'))
  await page.selectOption('#outcome', 'entry_refused')
  await page.click('text=JSON Lines')
  assert(page.url().includes('table=no-access') && page.url().includes('outcome=entry_refused'), page.url())
  const lines = (await download(page, '#take')).trim().split('\n')
  assert.equal(lines.length, 1, 'the filter is not that of the list')
  assert.equal(JSON.parse(lines[0]).outcome, 'entry_refused')
  await page.click('text=Excel workbook')
  assert((await download(page, '#take')).startsWith('PK'), 'that is no workbook')
  await isAccessible(page, `exports-${colorScheme}`)
  assert.equal(await page.evaluate(async () => (await fetch('/api/exports/audit.csv')).status), 404)
  assert.equal(await page.evaluate(async () => (await fetch('/api/audit')).status), 404)

  await page.goto(`${address}/visits?q=nobody-of-that-name`)
  await page.waitForSelector('#none')
  await isAccessible(page, `visits-none-${colorScheme}`)
  await page.goto(`${address}/safeguarding`)
  await page.waitForSelector('text=Page not found')
  assert.equal(await page.evaluate(async () => (await fetch('/api/safeguarding')).status), 404)
  await page.goto(`${address}/nowhere`)
  await page.waitForSelector('text=Page not found')
  await isAccessible(page, `not-found-${colorScheme}`)

  await page.click('#sign-out')
  await page.waitForSelector('#user')
  assert.equal(await page.evaluate(async () => (await fetch('/api/visits')).status), 401)
}

async function asAnotherFirm() {
  const page = await person('light')
  await signIn(page, 'vale-super')
  await page.waitForSelector('.counts')
  await page.goto(`${address}/visits`)
  await page.waitForSelector('tr[data-visit]')
  const rows = await page.locator('tr[data-visit]').allTextContents()
  assert.equal(rows.length, 1, `a firm sees another's visits: ${rows}`)
  assert(rows[0].includes("O'Connor"))
  const others = await page.evaluate(
    async () => (await (await fetch('/api/visits?organisation=Melton+Borough+Council')).json()).visits
  )
  assert.deepEqual(
    others.map((row) => row.organisation),
    ['Vale Property Services Ltd'],
    'a firm filters its way to others'
  )
  assert.equal(
    await page.evaluate(async (id) => (await fetch(`/api/visits/${id}`)).status, process.env.DOORSTEP_OTHERS_VISIT),
    404
  )
  assert.equal(
    await page.evaluate(
      async ([id, photo]) => (await fetch(`/api/visits/${id}/photos/${photo}`)).status,
      [process.env.DOORSTEP_OTHERS_VISIT, process.env.DOORSTEP_OTHERS_PHOTO]
    ),
    404,
    'a firm opens another firm’s photo'
  )
  assert(!(await download(page, '#export-visits')).includes('Иван'), 'a firm exports another firm’s visits')
  await page.goto(`${address}/concerns`)
  await page.waitForSelector('[data-kind=complaint]')
  assert.equal(await page.locator('[data-kind=breach]').count(), 0, 'a firm sees who reported a breach')
  const table = await page.evaluate(async () => (await fetch('/api/exports/concerns.csv')).text())
  assert(table.includes('The gate was left open') && !table.includes('rude'), 'a firm exports a breach')
}

/** A table of appointments, by its rows. */
function appointments(...rows) {
  const header =
    'appointment_ref,uprn,address_line_1,address_line_2,town,postcode,tenant_name,tenant_phone,visit_kind,purpose,window_start,window_end,organisation,assigned_to,notice_given_at,notice_method,told_who_and_why,support_needs,hazard_note'
  return {
    name: 'table.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from([header, ...rows].join('\n'))
  }
}

async function asPlanner(colorScheme) {
  const good = (ref) =>
    `${ref},532979068556,4 Eyebrook Rise,,Melton Mowbray,LE13 9ZR,Kwame Null,,inspection,Damp in the hall,2027-02-01T12:00,2027-02-01T13:00,Melton Borough Council,melton-2,2027-01-20T12:00,letter,yes,,`
  const page = await person(colorScheme)
  await signIn(page, 'super-1')
  await page.click('nav >> text=Appointments')
  await page.waitForSelector('#appointments')
  await sorts(page, '#appointments', 'where', 2)
  assert(page.url().includes('sort=-where'), 'the address holds how the table is sorted')
  await isAccessible(page, `appointments-${colorScheme}`)
  const ref = `DESK-${colorScheme}`
  await page.click('#take-in')
  await page.setInputFiles('#table', appointments(good(ref), good(`${ref}-2`).replace('2027-02-01T13:00', 'noon')))
  await page.waitForSelector('#faults')
  const preview = await page.textContent('#preview')
  assert(preview.includes('1 good row: 1 to add') && preview.includes('1 fault'), preview)
  const faults = await page.textContent('#faults')
  assert(faults.includes('window_end') && faults.includes('noon'), faults)
  await isAccessible(page, `appointments-faults-${colorScheme}`)
  assert.equal(
    await page.evaluate(async (q) => (await (await fetch(`/api/appointments?q=${q}`)).json()).appointments.length, ref),
    0,
    'a look takes something in'
  )
  await page.click('#take-good')
  await page.waitForSelector('#taken')
  await page.fill('#q', ref)
  await page.click('#filter')
  // One row alone: of the other, half would have been taken.
  await page.waitForFunction((ref) => {
    const rows = [...document.querySelectorAll('tr[data-ref]')]
    return rows.length === 1 && rows[0].dataset.ref === ref
  }, ref)
  await page.click(`tr[data-ref=${ref}] button`)
  await page.selectOption('#visitor', 'vale-1')
  await isAccessible(page, `appointment-change-${colorScheme}`)
  await page.click('#reassign')
  await page.waitForFunction(
    (ref) => document.querySelector(`tr[data-ref=${ref}]`).textContent.includes('Pete Marlow'),
    ref
  )
  await page.click(`tr[data-ref=${ref}] button`)
  await page.fill('#because', 'The tenant moved out')
  await page.click('#call-off')
  await page.waitForFunction(
    (ref) => document.querySelector(`tr[data-ref=${ref}]`).textContent.includes('Called off'),
    ref
  )
}

/** Sorts a table by a column, both ways, and sees that the cells of that column are in order. */
async function sorts(page, table, column, cell) {
  for (const way of ['ascending', 'descending']) {
    await page.click(`${table} th[data-column=${column}] button`)
    await page.waitForFunction(
      ([table, column, cell, way]) => {
        const head = document.querySelector(`${table} th[data-column=${column}]`)
        const cells = [...document.querySelectorAll(`${table} tbody tr td:nth-child(${cell})`)]
        const words = cells.map((one) => one.textContent.trim().toLowerCase())
        const inOrder = words.toSorted()
        if (way === 'descending') inOrder.reverse()
        const two = words[0] !== words.at(-1)
        return head?.ariaSort === way && two && words.every((word, at) => word === inOrder[at])
      },
      [table, column, cell, way]
    )
  }
}

async function asAdministrator() {
  const page = await person('light')
  await signIn(page, 'admin')
  await page.click('nav >> text=Devices')
  await page.waitForSelector('#phones')
  await page.selectOption('#user', 'melton-4')
  await page.click('#offer')
  await page.waitForFunction(() => document.querySelector('#offered img')?.naturalWidth > 0)
  await isAccessible(page, 'devices')
  await page.click('nav >> text=People')
  await page.waitForSelector('tr[data-user=vale-4]')
  await sorts(page, '#people', 'position', 4)
  await sorts(page, '#people', 'name', 1)
  assert(page.url().includes('sort=-name'), 'the address holds how the table is sorted')
  await isAccessible(page, 'people')
  await page.click('tr[data-user=vale-4] button')
  await page.click('#leave')
  await page.waitForFunction(() => document.querySelector('tr[data-user=vale-4]').textContent.includes('Left'))
  await page.click('tr[data-user=vale-4] button')
  await page.click('#return')
  await page.waitForFunction(() => !document.querySelector('tr[data-user=vale-4]').textContent.includes('Left'))
  await page.click('nav >> text=Code versions')
  await page.fill('#label', 'Version 2')
  await page.fill('#from', '2025-06-02')
  await page.fill('#text', 'Be kind.')
  await page.click('#publish')
  await page.waitForSelector('text=no numbered clause')
  await page.fill('#text', '3. Entry\n3.1 Prior notice\n- Ask first.')
  await page.click('#publish')
  await page.waitForSelector('#published')
  assert((await page.textContent('[data-code]')).includes('In force'))
  await isAccessible(page, 'code-published')
  await page.click('nav >> text=Numbers')
  await page.waitForSelector('[data-number=keep_visits]')
  assert((await page.textContent('[data-number="complaint.acknowledge"]')).includes('5 working days'))
  await page.click('[data-number=adult_age] >> button')
  await page.fill('#number-value', '16')
  await page.fill('#number-source', 'Cabinet, minute 12')
  await isAccessible(page, 'numbers-change')
  await page.click('#number-enter')
  await page.waitForSelector('#number-done')
  const age = '[data-number=adult_age]'
  assert((await page.textContent(age)).includes('16 years: Cabinet, minute 12, entered by admin'))
  assert((await page.textContent(`${age} td`)).includes('18 years'), 'a number has changed before its day')
  await isAccessible(page, 'numbers')
  await page.click('text=Take it back')
  await page.waitForFunction((age) => !document.querySelector(age).textContent.includes('16 years'), age)
  await page.click('nav >> text=Acknowledgements')
  await page.waitForSelector('#signed')
  await page.click('#register a')
  await page.waitForSelector('#not-signed')
  assert((await page.textContent('#not-signed')).includes('Dafydd Ó Briain'))
  assert(page.url().includes('state=not_signed'), 'the address holds what is shown')
  await isAccessible(page, 'acknowledgements-not-signed')
}

/** A supervisor who is out, with a phone: nothing is cut off, and only tables go sideways. */
async function asSupervisorOnAPhone() {
  const page = await person('light')
  await page.setViewportSize({ width: 390, height: 844 })
  await signIn(page, 'super-1')
  await page.waitForSelector('.counts')
  for (const [path, there] of [
    ['', '.counts'],
    ['visits', 'tr[data-visit]'],
    ['cases', '#cases'],
    ['no-access', '[data-uprn]'],
    ['appointments', '#appointments'],
    ['acknowledgements', '#signed'],
    ['exports', '#dictionary'],
    ['numbers', '[data-number]']
  ]) {
    await page.goto(`${address}/${path}`)
    await page.waitForSelector(there)
    await isAccessible(page, `phone-${path || 'today'}`)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth)
    assert(wide <= 390, `${path || 'today'} is ${wide} pixels wide`)
  }
}

async function asLead() {
  const page = await person('light')
  await signIn(page, 'lead-1')
  await page.click('nav >> text=Safeguarding')
  await page.waitForSelector('.note')
  assert(!(await page.textContent('main')).includes('shed'), 'a note is open before anybody asked to read it')
  await page.click('.note button')
  await page.waitForSelector('.note-text')
  assert.equal(await page.textContent('.note-text'), 'The boy said he sleeps in the shed.')
  await page.waitForFunction(() => document.querySelector('[data-read]').textContent.includes('Read by lead-1'))
  await isAccessible(page, 'safeguarding')
}

async function asAuditor() {
  const page = await person('light')
  await signIn(page, 'audit-1')
  await page.click('nav >> text=Audit log')
  await page.waitForSelector('#audit')
  const log = await page.textContent('main')
  assert(log.includes('Took a table away') && log.includes('Opened a photo'), log)
  assert(!/safeguard/i.test(log), 'the audit log tells that there is a note')
  await isAccessible(page, 'audit')
  await page.click('#turn')
  await page.waitForSelector('th[aria-sort=ascending]')
  assert.equal(await page.locator('tr[data-action]').first().getAttribute('data-action'), 'council_made')
  await page.selectOption('#action', 'photo_opened')
  await page.click('#filter')
  await page.waitForFunction(() =>
    [...document.querySelectorAll('tr[data-action]')].every((row) => row.dataset.action === 'photo_opened')
  )
  assert(page.url().includes('action=photo_opened'))
  await page.click('text=Export these lines')
  await page.waitForSelector('#dictionary')
  assert.equal(await page.inputValue('#action'), 'photo_opened', 'what is taken away is what was shown')
  await page.goto(`${address}/cases?owner=nobody`)
  await page.waitForSelector('#cases')
  await page.click('text=Export these cases')
  await page.waitForSelector('#dictionary')
  assert.deepEqual([await page.inputValue('#state'), await page.inputValue('#owner')], ['open', 'nobody'])
  await page.emulateMedia({ colorScheme: 'dark' })
  await isAccessible(page, 'exports-cases-dark')
  const table = await page.evaluate(async () => (await fetch('/api/exports/audit.jsonl')).text())
  assert(table.includes('"action":"exported"') && !/safeguard/i.test(table), 'the export tells that there is a note')
}

async function asNobody() {
  const page = await person('light')
  await signIn(page, 'melton-2')
  await page.waitForSelector('.govuk-error-summary')
  const statuses = await page.evaluate(async () => {
    const paths = [
      'session',
      'today',
      'visits',
      'organisations',
      'exports/visits.csv',
      'exports/steps.csv',
      'concerns',
      'acknowledgements',
      'codes',
      'safeguarding',
      'audit',
      'exports/dictionary',
      'exports/audit.csv',
      'cases'
    ]
    return Promise.all(paths.map(async (path) => (await fetch(`/api/${path}`)).status))
  })
  assert.deepEqual([...new Set(statuses)], [401])
}

for (const story of [
  () => asSupervisor('light'),
  () => asSupervisor('dark'),
  () => asPlanner('light'),
  () => asPlanner('dark'),
  asAnotherFirm,
  asSupervisorOnAPhone,
  asLead,
  asAuditor,
  asAdministrator,
  asNobody
]) {
  await story()
}
await browser.close()
