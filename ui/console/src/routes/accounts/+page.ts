import { shows } from '$lib/desk'

export const load = shows('GET /api/accounts', async (desk) => ({
  list: await desk.ask(desk.council.accounts())
}))
