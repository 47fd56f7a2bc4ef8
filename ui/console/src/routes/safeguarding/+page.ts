import { shows } from '$lib/desk'

export const load = shows('GET /api/safeguarding', async (desk, { url }) => ({
  list: await desk.ask(desk.council.safeguarding(url.search))
}))
