import { beforeEach, expect, it, vi } from 'vitest'
import { invalidate } from '$app/navigation'
import { withQuery, exported } from '$lib/address'
import type { Council } from '$lib/council'
import { Desk, SESSION, shows } from '$lib/desk'
import { Order } from '$lib/order'
import type { RouteName, SessionView } from '$shared/generated/types'

vi.mock('$app/navigation', () => ({ invalidate: vi.fn(async () => undefined), invalidateAll: vi.fn() }))
beforeEach(() => vi.mocked(invalidate).mockClear())

const session = (...may: RouteName[]) =>
  ({ may, display_name: 'Joan', council_name: 'Melton' }) as unknown as SessionView

/** What the load of a page gives, for a desk. */
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

it('a session that is over leads to the sign-in; any other refusal stays with its page', async () => {
  const desk = new Desk(council, session())
  const refused = (code: string) => Promise.reject({ code, message: 'No', refused: null })
  expect(await desk.ask(refused('not-found'))).toEqual({ problem: { code: 'not-found', message: 'No', refused: null } })
  expect(invalidate).not.toHaveBeenCalled()
  await desk.ask(refused('sign-in-first'))
  await expect.poll(() => vi.mocked(invalidate).mock.calls).toEqual([[SESSION]])
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
