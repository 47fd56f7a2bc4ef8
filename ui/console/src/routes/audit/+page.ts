import { shows } from '$lib/desk'

export const load = shows('GET /api/audit', async (desk, { url }) => ({
  list: await desk.ask(desk.council.audit(url.search))
}))
