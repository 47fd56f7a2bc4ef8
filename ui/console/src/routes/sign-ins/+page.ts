import { shows } from '$lib/desk'

export const load = shows('GET /api/sessions', async (desk) => ({
  sessions: await desk.ask(desk.council.ownSessions()),
  passkeys: await desk.ask(desk.council.passkeys())
}))
