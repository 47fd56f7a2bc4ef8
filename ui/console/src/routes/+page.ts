import { shows } from '$lib/desk'

export const load = shows('GET /api/today', async (desk) => ({
  today: await desk.ask(desk.council.today(false)),
  // What waits for this person alone. Nobody else learns that there are notes.
  notes: desk.may('GET /api/safeguarding') ? (await desk.ask(desk.council.safeguarding(''))).answer : undefined,
  accounts: desk.may('GET /api/accounts') ? (await desk.ask(desk.council.accounts())).answer : undefined
}))
