import { shows } from '$lib/desk'

export const load = shows('GET /api/safeguarding-log', async (desk) => ({
  log: await desk.ask(desk.council.leadsLog())
}))
