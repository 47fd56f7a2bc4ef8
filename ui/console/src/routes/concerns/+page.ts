import { shows } from '$lib/desk'

export const load = shows('GET /api/concerns', async (desk, { url }) => ({
  list: await desk.ask(desk.council.concerns(url.search))
}))
