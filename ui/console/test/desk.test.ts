import { expect, it, vi } from 'vitest'
import { withQuery, exported } from '$lib/address'
import type { Council } from '$lib/council'
import { Desk, halfWritten, shows } from '$lib/desk'
import { session as over } from '$lib/over.svelte'
import { Order } from '$lib/order'
import type { RouteName, SessionView } from '$shared/generated/types'

vi.mock('$app/navigation', () => ({ invalidate: vi.fn(async () => undefined), invalidateAll: vi.fn() }))

const session = (...may: RouteName[]) =>
  ({ may, display_name: 'Joan', council_name: 'Melton' }) as unknown as SessionView

/** The result of a page's load function for a desk. */
const loaded = (desk: Desk, question: () => Promise<unknown>) =>
  shows(
    'GET /api/cases',
    question
  )({
    url: new URL('http://council.example/cases'),
    params: {},
    depends: () => undefined,
    parent: async () => ({ desk })
  })

const council = {} as Council

it('a page is there for whom the council’s route is open, and for nobody else', async () => {
  const question = vi.fn(async () => 'cases')
  expect(await loaded(new Desk(council, session('GET /api/cases')), question)).toBe('cases')
  await expect(loaded(new Desk(council, session('GET /api/visits')), question)).rejects.toMatchObject({ status: 404 })
  expect(question).toHaveBeenCalledTimes(1)
})

it('before somebody has signed in nothing is asked for', async () => {
  const question = vi.fn(async () => 'cases')
  await loaded(new Desk(council, null), question)
  expect(question).not.toHaveBeenCalled()
})

it('a session that is over asks to sign in again; any other refusal stays with its page', async () => {
  const desk = new Desk(council, session())
  const refused = (code: string) => Promise.reject({ code, message: 'No', refused: null })
  expect(await desk.ask(refused('not-found'))).toEqual({ problem: { code: 'not-found', message: 'No', refused: null } })
  expect(over.over).toBe(false)
  await desk.ask(refused('sign-in-first'))
  expect(over.over).toBe(true)
  over.over = false
})

it('the address holds filters and order, and a new one begins with the first page', () => {
  const at = new URL('http://council.example/cases?kind=complaint&after=50&sort=due')
  expect(withQuery(at, { owner: 'nobody' })).toBe('/cases?kind=complaint&sort=due&owner=nobody')
  expect(withQuery(at, { kind: '', sort: '' })).toBe('/cases')
  expect(exported(at, 'cases.csv', { sort: '' })).toBe('/api/exports/cases.csv?kind=complaint')
  expect(new Order(at, '-opened').turned('due')).toContain('sort=-due')
  expect(new Order(at, '-opened').turned('owner')).toContain('sort=owner')
  expect(new Order(new URL('http://council.example/cases'), '-opened').down).toBe(true)
})

it('what is half written is given back to who wrote it, and to nobody else', () => {
  const of = (user: string) => new Desk(council, { ...session(), user } as SessionView)
  let desk = of('joan')
  let words = 'half a sentence'
  const { capture, restore } = halfWritten(
    () => desk,
    () => words,
    (kept) => (words = kept)
  )
  const kept = capture()
  words = ''
  desk = of('ruth')
  restore(kept)
  expect(words).toBe('')
  desk = of('joan')
  restore(kept)
  expect(words).toBe('half a sentence')
})
