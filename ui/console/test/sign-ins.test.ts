import { fireEvent, render, screen } from '@testing-library/svelte'
import { expect, it, vi } from 'vitest'
import type { Council } from '$lib/council'
import { Desk } from '$lib/desk'
import type { SessionView } from '$shared/generated/types'
import SignIns from '../src/routes/sign-ins/+page.svelte'

const goto = vi.hoisted(() => vi.fn(async () => undefined))
vi.mock('$app/navigation', () => ({
  goto,
  invalidate: vi.fn(async () => undefined),
  invalidateAll: vi.fn(async () => undefined)
}))

function shown(council: Partial<Council>) {
  const desk = new Desk(council as Council, { may: [] } as unknown as SessionView)
  const seated = vi.spyOn(desk, 'seated').mockResolvedValue()
  render(SignIns, {
    props: { data: { desk, sessions: { answer: [] }, passkeys: {} }, params: {}, form: null } as never
  })
  return seated
}

const type = (label: string, value: string) => fireEvent.input(screen.getByLabelText(label), { target: { value } })

it('somebody changes their own password, and signs in again with it', async () => {
  const changePassword = vi.fn(async () => null)
  const seated = shown({ changePassword })
  await type('Your password now', 'correct horse battery')
  await type('The new one', 'otter jumps over 4 kettles')
  await fireEvent.click(screen.getByText('Change it'))
  await expect.poll(() => seated.mock.calls.length).toBe(1)
  expect(goto).toHaveBeenCalledWith('/?sign-in=password-changed')
  expect(changePassword).toHaveBeenCalledWith('correct horse battery', 'otter jumps over 4 kettles')
  expect((screen.getByLabelText('The new one') as HTMLInputElement).value).toBe('')
})

it('a refusal is told, and what was typed stays', async () => {
  const refusal = { code: 'not-taken', message: 'That is not your password. Nothing was changed.', refused: null }
  const seated = shown({ changePassword: () => Promise.reject(refusal) })
  await type('Your password now', 'wrong')
  await type('The new one', 'otter jumps over 4 kettles')
  await fireEvent.click(screen.getByText('Change it'))
  expect((await screen.findByText(/That is not your password/)).id).toBe('refused')
  expect((screen.getByLabelText('The new one') as HTMLInputElement).value).toBe('otter jumps over 4 kettles')
  expect(seated).not.toHaveBeenCalled()
})
