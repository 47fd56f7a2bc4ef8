import { shows } from '$lib/desk'

export const load = shows('GET /api/phones', async (desk, { url }) => ({
  list: await desk.ask(desk.council.phones(url.search))
}))
