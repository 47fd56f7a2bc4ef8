import { shows } from '$lib/desk'

export const load = shows('GET /api/no-access', async (desk, { url }) => ({
  list: await desk.ask(desk.council.noAccess(url.search))
}))
